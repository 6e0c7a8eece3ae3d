"""Outbound events: what happened and could be told to somebody, once each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.breakable import breakable
from common.admin.copy_field import copy_field
from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import DateFilter
from common.admin.relative_time import relative_time
from contacts.admin.change_words import contact_label
from contacts.models import Contact
from sites.models import Role
from sites.revealing import RevealingAdmin
from sites.site_filter import SiteFilter, of_site
from webhooks.outbound.admin.event_page import event_context
from webhooks.outbound.admin.event_streams import event_streams, searched_streams
from webhooks.outbound.admin.event_type_pages import EventTypePages
from webhooks.outbound.admin.type_filter import EventTypeFilter
from webhooks.outbound.models import Delivery, DeliveryStatus, Event


@admin.register(Event)
class EventAdmin(EventTypePages, KeysetAdmin, RevealingAdmin):
    reveal_action = "outbound_event.payload_revealed"
    list_title = "Outbound events"
    list_display = ("happened", "type_column", "person", "delivered", "id_column")
    list_filter = (SiteFilter, EventTypeFilter, DateFilter)
    list_select_related = ("site",)
    list_defer = ("payload", "subject", "raw_headers", "raw_body")
    search_fields = ("id",)
    search_help_text = "Message id, event id, e-mail, phone or contact id"
    actions = ()
    empty_list_advice = (
        "Events are kept for sites that have a subscription. Add one; the next change of a contact "
        "appears here."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return searched_streams(request, rows, changes.query)
        return event_streams(rows, changes.chosen, request)

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        """Return the rows of a page, each with its person and the states of its deliveries."""
        rows: list[Event] = super().rows_for_list(request, keys)
        people = Contact.objects.defer("personal_identity_number", "attributes").in_bulk(
            [row.contact_id for row in rows if row.contact_id]
        )
        states: dict[Any, list[str]] = {row.pk: [] for row in rows}
        sent = Delivery.objects.filter(event_id__in=list(states)).values_list("event_id", "status")
        for event_id, status in sent:
            states[event_id].append(status)
        for row in rows:
            contact = people.get(row.contact_id) if row.contact_id else None
            # Of another site only where a contact was moved by hand; its name stays there.
            is_own = contact is not None and contact.site_id == row.site_id
            row.person_label = contact_label(contact) if contact and is_own else ""  # type: ignore[attr-defined]
            row.delivery_states = states[row.pk]  # type: ignore[attr-defined]
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": self.list_title, **(extra_context or {})})

    @admin.display(description="Happened")
    def happened(self, event: Event) -> SafeString:
        with timezone.override(event.site.time_zone):
            return relative_time(event.occurred_at)

    @admin.display(description="Event type")
    def type_column(self, event: Event) -> SafeString:
        return breakable(event.type)

    @admin.display(description="Person")
    def person(self, event: Event) -> SafeString:
        return of_site(getattr(event, "person_label", "") or "No contact", event.site)

    @admin.display(description="Deliveries")
    def delivered(self, event: Event) -> str:
        return states_words(getattr(event, "delivery_states", []))

    @admin.display(description="Message id")
    def id_column(self, event: Event) -> SafeString:
        text = event.message_id
        return copy_field(text, shown=f"{text[:8]}…{text[-8:]}", what="message id")

    # -- one event -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        types = self.admin_site.admin_view(self.types_view)
        return [path("types/", types, name="webhooks_event_types"), *super().get_urls()]

    def masked_page(self, request: HttpRequest, row: Event, *, is_masked: bool) -> HttpResponse:
        may_support = self.may(request, row, Role.SUPPORT)
        context = event_context(row, is_masked=is_masked, with_payload=may_support)
        return self.shown(request, row, "webhooks/event/page", row.type, **context)


def states_words(states: list[str]) -> str:
    """Return what became of an event's deliveries: `3 succeeded, 1 failed`."""
    if not states:
        return "Nobody wanted it"
    return ", ".join(
        f"{states.count(status.value)} {str(status.label).lower()}"
        for status in DeliveryStatus
        if status.value in states
    )
