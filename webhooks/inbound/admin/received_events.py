"""Received events: the list, and one event with everything it did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from common.admin.breakable import breakable
from common.admin.copy_field import copy_field
from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import DateFilter
from common.admin.payload_text import payload_text
from common.admin.relative_time import relative_time
from sites.audit import Actor, audit_record
from sites.models import Role
from sites.revealing import RevealingAdmin
from sites.site_filter import SiteFilter, of_site
from webhooks.inbound.admin.event_filters import (
    CauseFilter,
    EventTypeFilter,
    SourceFilter,
    StatusFilter,
)
from webhooks.inbound.admin.event_page import event_context
from webhooks.inbound.admin.event_search import searched_streams
from webhooks.inbound.admin.event_streams import event_streams
from webhooks.inbound.admin.event_tabs import status_tabs
from webhooks.inbound.admin.event_words import event_chip, outcome_words
from webhooks.inbound.admin.replay_pages import ReplayPages
from webhooks.inbound.models import ReceivedEvent


@admin.register(ReceivedEvent)
class ReceivedEventAdmin(ReplayPages, KeysetAdmin, RevealingAdmin):
    reveal_action = "received_event.body_revealed"
    change_list_template = "admin/webhooks/receivedevent/change_list.html"
    list_display = ("arrived", "type_column", "source_column", "state", "became", "id_column")
    list_filter = (
        StatusFilter, SiteFilter, SourceFilter, EventTypeFilter, CauseFilter, DateFilter,
    )  # fmt: skip
    list_select_related = ("site", "source")
    list_defer = ("body", "headers", "query", "history", "source__secrets", "source__settings")
    search_fields = ("id",)
    search_help_text = "Event id, e-mail, phone or contact id"
    empty_list_advice = (
        "Put the URL of a source into its sender and send a test: it appears here within a second."
    )
    actions = ("replay_selected",)

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return searched_streams(request, rows, changes.query)
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        return event_streams(rows, changes.chosen, request, dates)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Received events",
            "list_tabs": status_tabs(request),
            "replay_all_url": self.plan_of_all_url(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="Received")
    def arrived(self, event: ReceivedEvent) -> SafeString:
        with timezone.override(event.site.time_zone):
            return relative_time(event.received_at)

    @admin.display(description="Event type")
    def type_column(self, event: ReceivedEvent) -> SafeString | None:
        return breakable(event.event_type) if event.event_type else None

    @admin.display(description="Source")
    def source_column(self, event: ReceivedEvent) -> SafeString:
        return of_site(event.source.name, event.site)

    @admin.display(description="Status")
    def state(self, event: ReceivedEvent) -> SafeString:
        return event_chip(event)

    @admin.display(description="Outcome")
    def became(self, event: ReceivedEvent) -> str:
        return outcome_words(event)

    @admin.display(description="Event id")
    def id_column(self, event: ReceivedEvent) -> SafeString:
        text = event.event_id or str(event.pk)
        shown = text if len(text) <= 20 else f"{text[:8]}…{text[-8:]}"
        return copy_field(text, shown=shown, what="event id")

    # -- one event -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("replay/", view(self.plan_view), name="webhooks_receivedevent_replay_plan"),
            path("<uuid:pk>/body/", view(self.body_view), name="webhooks_receivedevent_body"),
        ]
        return own + super().get_urls()

    def masked_page(
        self, request: HttpRequest, row: ReceivedEvent, *, is_masked: bool
    ) -> HttpResponse:
        from_row = request.GET.get("from_row", "0")
        body = row.body if self.may(request, row, Role.SUPPORT) else None
        return self.shown(
            request,
            row,
            "webhooks/receivedevent/page",
            row.event_type or "Event without a type",
            **event_context(
                row,
                from_row=int(from_row) if from_row.isdecimal() and len(from_row) < 10 else 0,
                only_set_aside=request.GET.get("rows") == "set_aside",
            ),
            chip=event_chip(row),
            payload=payload_text(bytes(body), is_masked=is_masked) if body else None,
        )

    @method_decorator(require_POST)
    def body_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Send the body as it came, as a file that no browser will run."""
        event = self.scoped_object(request, str(pk), Role.SUPPORT)
        actor = Actor.from_request(request)
        audit_record(
            actor=actor, action="received_event.body_downloaded", site=event.site, target=event
        )
        return HttpResponse(
            bytes(event.body or b""),
            content_type="text/plain; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{event.pk}.txt"',
                "X-Content-Type-Options": "nosniff",
            },
        )
