"""API calls: the log of what was asked of a retailer's API, and of what Onsite asked of ours."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ColumnFilter, DateFilter
from common.admin.relative_time import relative_time
from common.admin.shortened import shortened
from integrations.admin.call_page import call_context
from integrations.admin.call_words import call_words, outcome_chip, reason_words, took_words
from integrations.models import ApiCall, Direction, Operation, Outcome, Purpose
from sites.models import Role
from sites.revealing import RevealingAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site


class OutcomeFilter(ColumnFilter):
    title = "Outcome"
    parameter_name = "outcome"
    choices_of_column = Outcome


class DirectionFilter(ColumnFilter):
    title = "Direction"
    parameter_name = "direction"
    choices_of_column = Direction


class OperationFilter(ColumnFilter):
    title = "Operation"
    parameter_name = "operation"
    choices_of_column = Operation


class PurposeFilter(ColumnFilter):
    title = "Why"
    parameter_name = "purpose"
    choices_of_column = Purpose


# Without an index of their own.
_WALKED = ("direction", "operation", "purpose")


@admin.register(ApiCall)
class ApiCallAdmin(KeysetAdmin, RevealingAdmin):
    reveal_action = "api_call.personal_values_revealed"
    list_display = ("arrived", "what", "state", "answered", "took", "told")
    list_filter = (
        OutcomeFilter, DirectionFilter, OperationFilter, PurposeFilter, SiteFilter, DateFilter,
    )  # fmt: skip
    list_select_related = ("site",)
    list_defer = (
        "url", "request_headers", "request_body", "response_headers", "response_body", "notes",
    )  # fmt: skip
    actions = ()
    empty_list_advice = (
        "Set up the Generic API on a site's page and press Try look-up: the call appears here with "
        "what was sent and what came back."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        """Feed from each site's index, which the outcome may narrow; the rest is walked."""
        rows = changes.queryset.select_related(None)
        chosen = changes.chosen
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        is_walked = any(name in chosen for name in _WALKED)
        if is_superuser(request.user) and not {"site", "outcome"} & set(chosen):
            everything = dates.queryset(request, ApiCall.objects.all())
            return [KeyStream(rows=rows, walk=everything if is_walked else None, walked=_WALKED)]
        return [
            KeyStream(
                rows=rows.filter(site_id=site.pk),
                walk=dates.queryset(request, _walk(site.pk, chosen)) if is_walked else None,
                walked=("site", "outcome", *_WALKED),
            )
            for site in chosen_sites(request)
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "API calls", **(extra_context or {})})

    @admin.display(description="When")
    def arrived(self, call: ApiCall) -> SafeString:
        with timezone.override(call.site.time_zone):
            return relative_time(call.at)

    @admin.display(description="What")
    def what(self, call: ApiCall) -> SafeString:
        return of_site(call_words(call), call.site)

    @admin.display(description="Outcome")
    def state(self, call: ApiCall) -> SafeString:
        return outcome_chip(call.outcome)

    @admin.display(description="Answer")
    def answered(self, call: ApiCall) -> int | None:
        return call.status_code

    @admin.display(description="Took")
    def took(self, call: ApiCall) -> str:
        return took_words(call)

    @admin.display(description="Reason")
    def told(self, call: ApiCall) -> str:
        return shortened(reason_words(call))

    # -- one call --------------------------------------------------------------------------------

    def masked_page(self, request: HttpRequest, row: ApiCall, *, is_masked: bool) -> HttpResponse:
        may_support = self.may(request, row, Role.SUPPORT)
        context = call_context(row, is_masked=is_masked, with_bodies=may_support)
        return self.shown(request, row, "api_calls/page", call_words(row), **context)


def _walk(site_id: int, chosen: dict[str, str]) -> QuerySet[ApiCall]:
    rows = ApiCall.objects.filter(site_id=site_id)
    return rows.filter(outcome=chosen["outcome"]) if "outcome" in chosen else rows
