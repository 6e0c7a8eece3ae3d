"""Filters of keyset lists: a select in the filter bar, a hidden field, or a span of time."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from common.identifiers import row_id_floor


class ChoiceFilter(admin.SimpleListFilter):
    """One parameter chosen from a list. Subclasses give `lookups` and `queryset`.

    A value that is not offered matches nothing, except where `takes_any_value` is set.
    """

    bar_template: ClassVar[str] = "admin/keyset/choice_filter.html"
    takes_any_value: ClassVar[bool] = False

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        offered = {str(value) for value, _ in self.lookup_choices}
        self.chosen = self.value() or ""
        self.is_unknown = bool(self.chosen) and self.chosen not in offered
        if self.is_unknown and self.takes_any_value:
            self.lookup_choices = [*self.lookup_choices, (self.chosen, self.chosen)]
            self.is_unknown = False

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.is_unknown:
            return queryset.none()
        return self.narrowed(queryset) if self.chosen else queryset

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that match the chosen value, which was offered."""
        return queryset.filter(**{str(self.parameter_name): self.chosen})


class ColumnFilter(ChoiceFilter):
    """The choices of a column; the parameter has the column's name."""

    choices_of_column: ClassVar[type[TextChoices]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self.choices_of_column.choices]


class ActiveFilter(ChoiceFilter):
    """Over rows that can be switched off: their column is `is_active`."""

    title = "Active"
    parameter_name = "active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "Switched off")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(is_active=self.chosen == "yes")


PRESETS: Final = (
    ("hour", "Last hour"),
    ("today", "Today"),
    ("day", "Last 24 hours"),
    ("week", "Last 7 days"),
    ("custom", "From … to"),
)
_DAYS: Final = {"day": 1, "week": 7}


class DateFilter(ChoiceFilter):
    """A span of time over rows whose key is a UUIDv7: it becomes a range of keys."""

    title = "Time"
    parameter_name = "when"
    bar_template = "admin/keyset/date_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.zone: tzinfo = model_admin.list_zone(request)
        self.from_text = params.pop("from", [""])[-1]
        self.to_text = params.pop("to", [""])[-1]
        if (self.from_text or self.to_text) and params.get("when", [""])[-1] in ("", "custom"):
            params["when"] = ["custom"]
        super().__init__(request, params, model, model_admin)

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name, "from", "to"]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(PRESETS)

    def span(self) -> tuple[datetime | None, datetime | None]:
        """Return the instants from (inclusive) and to (exclusive), each None when open."""
        now = timezone.now()
        if self.chosen == "hour":
            return now - timedelta(hours=1), None
        if self.chosen in _DAYS:
            return now - timedelta(days=_DAYS[self.chosen]), None
        if self.chosen == "today":
            local = now.astimezone(self.zone)
            return local.replace(hour=0, minute=0, second=0, microsecond=0), None
        if self.chosen == "custom":
            return self._instant(self.from_text), self._instant(self.to_text)
        return None, None

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        start, end = self.span()
        if start is not None:
            queryset = queryset.filter(pk__gte=row_id_floor(start))
        return queryset if end is None else queryset.filter(pk__lt=row_id_floor(end))

    def _instant(self, text: str) -> datetime | None:
        try:
            parsed = parse_datetime(text)
        except ValueError:
            return None
        # In another zone, the first and the last hours of all dates would be beyond them.
        if parsed is None or not 1971 <= parsed.year < 9999:
            return None
        return parsed if timezone.is_aware(parsed) else parsed.replace(tzinfo=self.zone)
