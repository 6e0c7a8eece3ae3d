"""The list of all reception events; deleted ones have no place in it, only a page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from common.admin.list_filters import ColumnFilter
from common.admin.relative_time import relative_time
from sites.admin.audited import AuditedAdmin
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter
from webhooks.inbound.admin.custom_integrations.marks import context_chip
from webhooks.inbound.models import Context, ReceptionEvent


class LiveEvents(ChangeList):
    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> QuerySet[ReceptionEvent]:
        return super().get_queryset(request, exclude_parameters).filter(deleted_at=None)


class ContextFilter(ColumnFilter):
    title = "Connection type"
    parameter_name = "context"
    choices_of_column = Context


class EventListAdmin(AuditedAdmin, SiteScopedAdmin):
    list_display = ("name", "alias", "sent_by", "integration", "site", "received")
    list_filter = (SiteFilter, ContextFilter)
    list_title = "Reception events"
    change_list_template = "admin/reception_events/list.html"
    search_help_text = "Name, alias or event id"
    search_fields = ("name", "alias", "event_id")
    empty_list_advice = "Open a custom integration and create its first reception event there."
    list_select_related = ("site", "integration", "source")
    ordering = ("site__name", "name", "pk")
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LiveEvents

    @admin.display(description="connection type", ordering="context")
    def sent_by(self, event: ReceptionEvent) -> SafeString:
        return context_chip(event.context)

    @admin.display(description="last received", ordering="source__last_received_at")
    def received(self, event: ReceptionEvent) -> SafeString:
        return relative_time(event.source.last_received_at)
