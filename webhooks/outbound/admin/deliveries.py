"""Deliveries: the log of what was sent to whom, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.breakable import breakable
from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import DateFilter
from common.admin.relative_time import relative_time
from sites.site_filter import SiteFilter, of_site
from webhooks.outbound.admin.delivery_actions import DeliveryActions
from webhooks.outbound.admin.delivery_filters import (
    CodeFilter,
    ErrorFilter,
    StateFilter,
    SubscriptionFilter,
    TriesFilter,
)
from webhooks.outbound.admin.delivery_streams import delivery_streams, searched_streams
from webhooks.outbound.admin.delivery_tabs import state_tabs
from webhooks.outbound.admin.delivery_words import answer_words, delivery_chip, outcome_words
from webhooks.outbound.admin.recover_pages import RecoverPages
from webhooks.outbound.admin.type_filter import DeliveredTypeFilter
from webhooks.outbound.models import Delivery, Trigger


@admin.register(Delivery)
class DeliveryAdmin(RecoverPages, KeysetAdmin, DeliveryActions):
    change_list_template = "admin/webhooks/delivery/change_list.html"
    list_display = (
        "happened", "type_column", "subscription_column", "status_column", "answered", "told",
    )  # fmt: skip
    list_filter = (
        StateFilter, SiteFilter, SubscriptionFilter, DeliveredTypeFilter, CodeFilter, ErrorFilter,
        TriesFilter, DateFilter,
    )  # fmt: skip
    list_select_related = ("site", "subscription")
    list_defer = ("subscription__secrets", "subscription__headers")
    search_fields = ("id",)
    search_help_text = "Message id, event id, e-mail, phone or contact id"
    empty_list_advice = (
        "Add a subscription and press Test: what is sent appears here, with the answer of the "
        "receiver."
    )
    actions = ("send_selected",)

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return searched_streams(request, rows, changes.query)
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        return delivery_streams(rows, changes.chosen, request, dates)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Deliveries",
            "list_tabs": state_tabs(request),
            "recover_url": self.recover_url(request),
            "recover_all_url": self.plan_of_all_url(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="When")
    def happened(self, delivery: Delivery) -> SafeString:
        with timezone.override(delivery.site.time_zone):
            return relative_time(delivery.created_at)

    @admin.display(description="Event type")
    def type_column(self, delivery: Delivery) -> SafeString:
        named = breakable(delivery.event_type)
        if delivery.trigger == Trigger.EVENT:
            return named
        why = Trigger(delivery.trigger).label
        return format_html('{}<span class="clamp quiet">{}</span>', named, why)

    @admin.display(description="Subscription")
    def subscription_column(self, delivery: Delivery) -> SafeString:
        return of_site(delivery.subscription.name, delivery.site)

    @admin.display(description="State")
    def status_column(self, delivery: Delivery) -> SafeString:
        return delivery_chip(delivery)

    @admin.display(description="Answer")
    def answered(self, delivery: Delivery) -> str | None:
        return answer_words(delivery) or None

    @admin.display(description="Outcome")
    def told(self, delivery: Delivery) -> str:
        return outcome_words(delivery)

    # -- pages -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        plan = path("recover/", view(self.plan_view), name=self.plan_url_name)
        return [plan, *self.action_urls(), *super().get_urls()]
