"""The list of custom integrations: its columns and its filters."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ColumnFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from integrations.admin.integration_tabs import things_count
from integrations.models import Category, CustomIntegration
from sites.admin.audited import AuditedAdmin, audit_url
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter
from webhooks.inbound.admin.custom_integrations.marks import integration_mark


class CategoryFilter(ColumnFilter):
    title = "Category"
    parameter_name = "category"
    choices_of_column = Category


class IntegrationListAdmin(AuditedAdmin, SiteScopedAdmin):
    list_display = ("named", "category", "events", "last_activity", "site", "menu")
    list_filter = (SiteFilter, CategoryFilter)
    list_title = "Custom integrations"
    change_list_template = "admin/custom_integrations/list.html"
    search_help_text = "Name or description"
    search_fields = ("name", "description")
    empty_list_advice = (
        "Create a new integration for a system that no preset speaks for, such as your ERP. You "
        "then define which events it sends and get an address for each."
    )
    list_select_related = ("site",)
    ordering = ("site__name", "name")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            event_count=things_count("reception_events"),
            latest=Max("reception_events__source__last_received_at"),
        )
        return counted

    @admin.display(description="name", ordering="name")
    def named(self, integration: CustomIntegration) -> SafeString:
        return format_html(
            '<span class="integration-name">{}<span>{}</span></span>',
            integration_mark(integration),
            integration.name,
        )

    @admin.display(description="events", ordering="event_count")
    def events(self, integration: Any) -> str:
        count: int = integration.event_count
        return "1 event" if count == 1 else f"{count} events"

    @admin.display(description="last activity", ordering="latest")
    def last_activity(self, integration: Any) -> SafeString:
        return relative_time(integration.latest)

    @admin.display(description="")
    def menu(self, integration: CustomIntegration) -> SafeString:
        page = reverse("admin:integrations_customintegration_change", args=[integration.pk])
        return row_menu(
            integration.name,
            [
                ("Events", page),
                ("Edit", f"{page}?tab=settings"),
                ("Audit log", audit_url(integration)),
            ],
        )
