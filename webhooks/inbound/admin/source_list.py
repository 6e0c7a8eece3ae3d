"""The list of sources: its columns, its filters and the last day of each row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from common.admin.list_filters import ActiveFilter, ChoiceFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from common.admin.status_chip import Tone, status_chip
from integrations.registry import offered_presets
from sites.admin.audited import AuditedAdmin, audit_url
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter
from webhooks.inbound.admin.source_charts import activity_chart, state_chip
from webhooks.inbound.models import Source
from webhooks.inbound.sources.activity import activity_by_source, state_of
from webhooks.inbound.sources.owned import without_owned


class SourceChangeList(ChangeList):
    """Adds the last day of activity to the listed sources, in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        sources = list(self.result_list)
        days = activity_by_source(source.pk for source in sources)
        for source in sources:
            source.day = days[source.pk]
        self.result_list = sources


class PresetFilter(ChoiceFilter):
    title = "Preset"
    parameter_name = "preset_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(preset.key, preset.label) for preset in offered_presets()]


class SourceListAdmin(AuditedAdmin, SiteScopedAdmin):
    list_display = (
        "name",
        "site",
        "kind",
        "state",
        "verification",
        "last_24_hours",
        "received",
        "menu",
    )
    list_filter = (SiteFilter, PresetFilter, ActiveFilter)
    list_title = "Webhook sources"
    change_list_template = "admin/filtered_list.html"
    search_help_text = "Name or source id"
    empty_list_advice = "Add a source: a system that sends webhooks to a site."
    list_select_related = ("site",)
    search_fields = ("name", "public_id")
    ordering = ("site__name", "name")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return without_owned(super().get_queryset(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SourceChangeList

    @admin.display(description="preset", ordering="preset_key")
    def kind(self, source: Source) -> str:
        return source.preset.label

    @admin.display(description="state")
    def state(self, source: Source) -> SafeString:
        return state_chip(state_of(source, source.day))  # type: ignore[attr-defined]

    @admin.display(description="requests are")
    def verification(self, source: Source) -> SafeString:
        reason = source.preset.verifier(source.config).unsigned_reason
        if reason:
            return status_chip("Not verified", Tone.WARNING, title=reason)
        return status_chip("Verified", Tone.GOOD)

    @admin.display(description="last 24 hours")
    def last_24_hours(self, source: Source) -> SafeString:
        return activity_chart(source.day, name=source.name, small=True)  # type: ignore[attr-defined]

    @admin.display(description="last received", ordering="last_received_at")
    def received(self, source: Source) -> SafeString:
        return relative_time(source.last_received_at)

    @admin.display(description="")
    def menu(self, source: Source) -> SafeString:
        events = reverse("admin:webhooks_receivedevent_changelist")
        rejected = reverse("admin:webhooks_rejectedrequest_changelist")
        return row_menu(
            source.name,
            [
                ("Edit", reverse("admin:webhooks_source_change", args=[source.pk])),
                ("Received events", f"{events}?source={source.pk}"),
                ("Rejected requests", f"{rejected}?source={source.pk}"),
                ("Audit log", audit_url(source)),
            ],
        )
