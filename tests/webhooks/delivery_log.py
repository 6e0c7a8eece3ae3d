"""Events, deliveries and attempts as tests of the log need them: stored as the engine does."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils import timezone

from common.identifiers import random_token
from common.json_text import json_text
from sites.models import Site
from webhooks.models import Attempt, Delivery, DeliveryStatus, Event, Subscription, Trigger

_ENDED = (DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)
_UNTRIED = (DeliveryStatus.PENDING, DeliveryStatus.HELD, DeliveryStatus.CANCELLED)


def event(site: Site, event_type: str = "contact.deleted", **fields: Any) -> Event:
    now = timezone.now()
    payload = fields.pop("payload", {"contactId": "c-1", "deletionReason": "asked for"})
    values: dict[str, Any] = {
        "site": site,
        "message_id": random_token("msg_", 27),
        "type": event_type,
        "occurred_at": now,
        "created_at": now,
        "payload": payload if isinstance(payload, str) else json_text(payload),
    }
    return Event.objects.create(**(values | fields))


def delivery(
    subscription: Subscription,
    status: DeliveryStatus = DeliveryStatus.FAILED,
    of: Event | None = None,
    **fields: Any,
) -> Delivery:
    """Return a delivery in this state; its attempts are only counted, see `attempt`."""
    now = timezone.now()
    of = of or event(subscription.site)
    made = Delivery(site=subscription.site, subscription=subscription, event=of)
    tried = 0 if status in _UNTRIED else 1
    values: dict[str, Any] = {
        "event_type": of.type,
        "unit": made.pk,
        "trigger": Trigger.EVENT,
        "created_at": now,
        "due_at": now,
        "status": status,
        "attempts": tried,
        "finished_at": now if status in _ENDED else None,
    }
    for name, value in (values | fields).items():
        setattr(made, name, value)
    made.save(force_insert=True)
    return made


def attempt(of: Delivery, *, body: bytes = b"", **fields: Any) -> Attempt:
    values: dict[str, Any] = {
        "subscription": of.subscription,
        "unit": of.unit,
        "number": 1,
        "trigger": of.trigger,
        "started_at": timezone.now(),
        "duration_ms": 87,
        "status_code": 503,
        "error": "status",
        "sentence": "The receiver answered with 503.",
        "revision": of.subscription.revision,
        "url": of.subscription.url,
        "request_headers": {"content-type": "application/json", "webhook-signature": "•••"},
        "body_bytes": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest() if body else "",
        "response_headers": {"server": "receiver"},
        "response_body": '{"error":"busy"}',
    }
    return Attempt.objects.create(**(values | fields))
