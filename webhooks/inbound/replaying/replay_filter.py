"""Which received events a replay is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from common.identifiers import row_id_floor
from sites.plan_filter import PlanFilter
from webhooks.inbound.models import ReceivedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter(PlanFilter):
    """`received_until` is exclusive; `include_processed` also replays what had its effect."""

    readers: ClassVar = {
        "received_from": datetime.fromisoformat,
        "received_until": datetime.fromisoformat,
    }

    source_id: int | None = None
    statuses: tuple[str, ...] = ()
    event_type: str = ""
    cause: str = ""
    received_from: datetime | None = None
    received_until: datetime | None = None
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
