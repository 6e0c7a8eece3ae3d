"""The filters above the log of deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.list_filters import ChoiceFilter
from sites.site_filter import visible_sites
from webhooks.outbound.models import Subscription
from webhooks.outbound.recovering.conditions import (
    CODE_CLASSES,
    ERRORS,
    STATES,
    TRIES,
    in_state,
    with_code,
    with_error,
    with_tries,
)


def visible_subscriptions(request: HttpRequest) -> list[Subscription]:
    """Return the subscriptions on the user's sites, without secrets, read once per request."""
    cached: list[Subscription] | None = getattr(request, "_visible_subscriptions", None)
    if cached is None:
        ids = [site.pk for site in visible_sites(request)]
        rows = Subscription.objects.filter(site__in=ids).defer("secrets", "headers")
        cached = list(rows.select_related("site"))
        request._visible_subscriptions = cached  # type: ignore[attr-defined]
    return cached


class SubscriptionFilter(ChoiceFilter):
    title = "Subscription"
    parameter_name = "subscription"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        several = len(visible_sites(request)) > 1
        return [
            (str(each.pk), f"{each.name} · {each.site.name}" if several else each.name)
            for each in visible_subscriptions(request)
        ]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(subscription_id=int(self.chosen))


class _WordFilter(ChoiceFilter):
    words: ClassVar[Mapping[str, str]]
    condition: ClassVar[Callable[[str], Q]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words.items())

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type(self).condition(self.chosen))


class StateFilter(_WordFilter):
    title = "State"
    parameter_name = "state"
    words = STATES
    condition = in_state


class CodeFilter(_WordFilter):
    title = "Answer"
    parameter_name = "code"
    words = CODE_CLASSES
    condition = with_code


class ErrorFilter(_WordFilter):
    title = "Error"
    parameter_name = "error"
    words = ERRORS
    condition = with_error


class TriesFilter(_WordFilter):
    title = "Tries"
    parameter_name = "tries"
    words = TRIES
    condition = with_tries
