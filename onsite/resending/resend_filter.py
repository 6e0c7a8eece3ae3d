from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db.models import QuerySet

from common.identifiers import row_id_floor
from onsite.models import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendFilter:
    """Which submissions are meant; it survives in a job's parameters. An empty condition is none.

    `site_ids` is always given: the sites on which the asking person may send again. `upper_id`
    leaves out what arrives after the plan was shown. Times are aware; `received_until` is
    exclusive.
    """

    site_ids: tuple[int, ...]
    ids: tuple[UUID, ...] = ()
    state: str = ""
    role: str = ""
    tag: str = ""
    code: str = ""
    received_from: datetime | None = None
    received_until: datetime | None = None
    upper_id: UUID | None = None

    def submissions(self) -> QuerySet[Submission]:
        """Return the matching submissions in order of arrival."""
        conditions: dict[str, Any] = {
            "pk__in": self.ids,
            "state": self.state,
            "role": self.role,
            "tag": self.tag,
            "code": self.code,
            # Ids begin with the time of reception.
            "pk__gte": self.received_from and row_id_floor(self.received_from),
            "pk__lt": self.received_until and row_id_floor(self.received_until),
            "pk__lte": self.upper_id,
        }
        narrowing = {name: value for name, value in conditions.items() if value}
        return Submission.objects.filter(site_id__in=self.site_ids, **narrowing).order_by("pk")

    def as_json(self) -> dict[str, Any]:
        stored: dict[str, Any] = {
            "site_ids": list(self.site_ids),
            "ids": [str(each) for each in self.ids],
            "state": self.state,
            "role": self.role,
            "tag": self.tag,
            "code": self.code,
            "received_from": self.received_from and self.received_from.isoformat(),
            "received_until": self.received_until and self.received_until.isoformat(),
            "upper_id": self.upper_id and str(self.upper_id),
        }
        return {name: value for name, value in stored.items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        values = dict(stored)
        for name in ("received_from", "received_until"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        if "upper_id" in values:
            values["upper_id"] = UUID(values["upper_id"])
        values["ids"] = tuple(UUID(each) for each in values.get("ids", ()))
        values["site_ids"] = tuple(values.get("site_ids", ()))
        return cls(**values)
