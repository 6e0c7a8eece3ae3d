"""The filter by event type above the lists of what goes out."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from common.admin.list_filters import ChoiceFilter
from common.newest_rows import newest_of
from sites.site_filter import chosen_sites
from webhooks.outbound.event_types import static_event_types
from webhooks.outbound.models import Delivery, Event

_RECENT: Final = 300


class _TypeFilter(ChoiceFilter):
    """Types of every site but the relays, and those of the newest rows."""

    title = "Event type"
    parameter_name = "type"
    takes_any_value = True
    rows: ClassVar[type[Model]]
    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = {each.key for each in static_event_types() if not each.group.startswith("Relay")}
        for site in chosen_sites(request):
            newest = newest_of(self.rows._default_manager.all(), "site_id", site.pk)
            found.update(newest.values_list(self.column, flat=True)[:_RECENT])
        return [(name, name) for name in sorted(found)]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.chosen})


class EventTypeFilter(_TypeFilter):
    rows = Event
    column = "type"


class DeliveredTypeFilter(_TypeFilter):
    rows = Delivery
    column = "event_type"
