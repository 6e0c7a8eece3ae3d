"""What a recovery is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from django.db.models import Q, QuerySet

from common.identifiers import row_id_floor
from sites.plan_filter import PlanFilter
from webhooks.outbound.models import Delivery, Event
from webhooks.outbound.recovering.conditions import in_state, with_code, with_error, with_tries


class Mode(StrEnum):
    AGAIN = "again"  # deliveries that ended without success
    MISSING = "missing"  # events that a subscription never had a delivery of


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverFilter(PlanFilter):
    """`since` (inclusive) and `until` mean when the row came about; words are of `conditions`.

    `upper_id` is a delivery's id, or an event's when something is missing. What had succeeded is
    sent again only where `include_succeeded`.
    """

    readers: ClassVar = {
        "mode": Mode,
        "since": datetime.fromisoformat,
        "until": datetime.fromisoformat,
    }

    mode: Mode = Mode.AGAIN
    subscription_id: int | None = None
    state: str = ""
    event_type: str = ""
    code: str = ""
    error: str = ""
    tries: str = ""
    since: datetime | None = None
    until: datetime | None = None
    include_succeeded: bool = False

    @property
    def states(self) -> tuple[str, ...]:
        """The states of deliveries that are sent again."""
        if self.state in ("failed", "succeeded", "cancelled"):
            return (self.state,)
        if self.state:
            return ()
        return ("failed", "succeeded") if self.include_succeeded else ("failed",)

    def deliveries(self, state: str = "") -> QuerySet[Delivery]:
        """Return the matching deliveries by age; of one state, through the index that it has."""
        rows = Delivery.objects.filter(self._on_sites(), self._span())
        if self.ids:
            rows = rows.filter(pk__in=self.ids)
        if self.event_type:
            rows = rows.filter(event_type=self.event_type)
        for word, condition in (
            (self.code, with_code),
            (self.error, with_error),
            (self.tries, with_tries),
            (state or self.state, in_state),
        ):
            rows = rows.filter(condition(word)) if word else rows
        return rows.order_by("pk")

    def events(self, site_id: int) -> QuerySet[Event]:
        """Return the events of a site in the span, by age, that still hold something to send."""
        site = site_id if site_id in self.site_ids else 0
        rows = Event.objects.filter(self._span(), site_id=site, is_test=False)
        if self.event_type:
            rows = rows.filter(type=self.event_type)
        return rows.exclude(payload="").order_by("pk")

    def _on_sites(self) -> Q:
        sites = Q(site_id__in=self.site_ids)
        return sites & Q(subscription_id=self.subscription_id) if self.subscription_id else sites

    def _span(self) -> Q:
        span = Q()
        # Ids begin with the time at which the row came about, and unlike that column are indexed.
        if self.since:
            span &= Q(pk__gte=row_id_floor(self.since))
        if self.until:
            span &= Q(pk__lt=row_id_floor(self.until))
        if self.upper_id:
            span &= Q(pk__lte=self.upper_id)
        return span
