"""Which received events a replay is about: a filter that survives in a job's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db.models import QuerySet

from common.identifiers import row_id_floor
from webhooks.inbound.models import ReceivedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter:
    """Conditions that all hold; an empty one does not narrow.

    `site_ids` is always given: the sites that the asking person may replay. `upper_id` leaves out
    what arrives after the plan was shown. Times are aware; `received_until` is exclusive.
    `include_processed` also replays what had its effect already.
    """

    site_ids: tuple[int, ...]
    ids: tuple[UUID, ...] = ()
    source_id: int | None = None
    statuses: tuple[str, ...] = ()
    event_type: str = ""
    cause: str = ""
    received_from: datetime | None = None
    received_until: datetime | None = None
    upper_id: UUID | None = None
    include_processed: bool = False

    def events(self) -> QuerySet[ReceivedEvent]:
        """Return the matching events in order of arrival."""
        conditions: dict[str, Any] = {
            "site_id__in": self.site_ids,
            "pk__in": self.ids,
            "source_id": self.source_id,
            "status__in": self.statuses,
            "event_type": self.event_type,
            "cause": self.cause,
            # Ids begin with the time of reception, and unlike that column they are indexed.
            "pk__gte": self.received_from and row_id_floor(self.received_from),
            "pk__lt": self.received_until and row_id_floor(self.received_until),
            "pk__lte": self.upper_id,
        }
        narrowing = {key: value for key, value in conditions.items() if value}
        narrowing["site_id__in"] = self.site_ids
        return ReceivedEvent.objects.filter(**narrowing).order_by("pk")

    def as_json(self) -> dict[str, Any]:
        return {name: _to_json(value) for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        values = {name: _from_json(name, value) for name, value in stored.items()}
        return cls(**{"site_ids": (), **values})


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _from_json(name: str, value: Any) -> Any:
    if name == "ids":
        return tuple(UUID(each) for each in value)
    if name in ("received_from", "received_until"):
        return datetime.fromisoformat(value)
    if name == "upper_id":
        return UUID(value)
    return tuple(value) if isinstance(value, list) else value
