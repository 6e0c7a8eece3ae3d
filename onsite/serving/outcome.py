"""What became of one served request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from common.endpoint.problems import problem
from integrations.models import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The answer, and what the log says of it. `identities` are numbers to hide there."""

    response: HttpResponse
    outcome: Outcome
    reason: str = ""
    notes: tuple[str, ...] = ()
    contact_id: UUID | None = None
    identities: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True, kw_only=True, eq=False)
class Refused(Exception):
    """An authenticated request that cannot be done. The sentence goes to the sender and the log."""

    status: int
    code: str
    sentence: str
    notes: tuple[str, ...] = ()
    identities: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def served(self) -> Served:
        return Served(
            response=problem(self.status, self.code, self.sentence, self.headers),
            outcome=Outcome.ERROR,
            reason=self.sentence,
            notes=self.notes,
            identities=self.identities,
        )


def json_response(status: int, document: Mapping[str, Any]) -> HttpResponse:
    response = HttpResponse(
        json.dumps(document, ensure_ascii=False),
        "application/json",
        int(status),
        headers={"Cache-Control": "no-store"},
    )
    # Django would log every answer from 400 on; calls are rows, and 404 is no error here.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
