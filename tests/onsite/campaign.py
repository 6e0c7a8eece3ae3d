"""The site's own campaign page, calling the submissions endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from onsite.models import Submission
from sites.models import ApiKey, Site
from tests.factories import API_KEY_SECRET, ApiKeyFactory

JANE = "jane@example.com"


@dataclass(slots=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Campaign:
    site: Site
    key: ApiKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = ApiKeyFactory.create(site=self.site, name="Campaign page")

    @property
    def path(self) -> str:
        return f"/onsite/{self.site.public_id}/submissions"

    def send(
        self,
        contact: Mapping[str, Any] | str = JANE,
        role: str = "friend",
        *,
        idempotency_key: str | None = None,
        **members: Any,
    ) -> Answer:
        """Send a visitor, given by an e-mail address or in full."""
        given = {"email": contact} if isinstance(contact, str) else contact
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        response = self.post(
            json.dumps({"role": role, "contact": given, **members}), headers=headers
        )
        return Answer(response.status_code, json.loads(response.content), response.headers)

    def post(
        self,
        body: str | bytes,
        *,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        method: str = "POST",
    ) -> HttpResponse:
        authorization = f"ApiKey {self.key.key_id}:{API_KEY_SECRET}"
        return Client().generic(  # type: ignore[return-value]
            method,
            path or self.path,
            body,
            content_type,
            headers={"Authorization": authorization, **(headers or {})},
        )

    @property
    def submission(self) -> Submission:
        """The newest submission."""
        return Submission.objects.select_related("site").filter(site=self.site).latest("pk")
