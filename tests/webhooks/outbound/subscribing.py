"""Subscriptions as their services make them, and deliveries in whatever state a test needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from contacts.models import Contact
from sites.audit import Actor
from sites.models import Site
from webhooks.outbound.models import Delivery, DeliveryStatus, Event, Subscription
from webhooks.outbound.publishing.message_ids import new_message_ids
from webhooks.outbound.subscriptions.services import subscription_save

ACTOR = Actor.system("tests")
URL = "https://receiver.example.com:8443/hooks"
# A PEM as `openssl rsa -pubout` writes it, of a key made for tests.
ENGAGE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def unsaved(site: Site, **fields: Any) -> Subscription:
    values: dict[str, Any] = {"name": "Receiver", "url": URL, "format_key": "standard_webhooks"}
    # That subscriptions are changed is an event as well.
    values["event_types"] = ["contact.*"]
    return Subscription(site=site, **(values | fields))


def saved(
    site: Site,
    *,
    secrets: dict[str, str] | None = None,
    headers: dict[str, str | None] | None = None,
    **fields: Any,
) -> Subscription:
    subscription = unsaved(site, **fields)
    subscription_save(subscription=subscription, actor=ACTOR, secrets=secrets, headers=headers)
    return subscription


def contact(site: Site, email: str) -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=site, email=email, created_at=now, updated_at=now)


def delivery(
    subscription: Subscription,
    status: DeliveryStatus = DeliveryStatus.HELD,
    *,
    event_type: str = "contact.updated",
    contact: Contact | None = None,
    created_at: datetime | None = None,
    payload: str = '{"contactId":"1"}',
    **fields: Any,
) -> Delivery:
    now = created_at or timezone.now()
    (message_id,) = new_message_ids(now, [""])
    event = Event.objects.create(
        site=subscription.site, message_id=message_id, type=event_type, occurred_at=now,
        created_at=now, contact=contact, payload=payload,
    )  # fmt: skip
    row = Delivery(
        site=subscription.site, subscription=subscription, event=event, event_type=event_type,
        status=status, created_at=now, due_at=now, **fields,
    )  # fmt: skip
    row.unit = row.pk
    row.save(force_insert=True)
    return row
