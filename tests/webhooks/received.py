"""Received events and refused requests as tests need them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from common.identifiers import random_token
from integrations.causes import RejectionCause
from webhooks.inbound.models import ReceivedEvent, RejectedRequest, Source, Status


def received_event(
    source: Source, status: Status, at: datetime | None = None, **fields: Any
) -> ReceivedEvent:
    now = at or timezone.now()
    values: dict[str, Any] = {
        "site": source.site,
        "source": source,
        "dedupe_key": random_token("", 20),
        "event_type": "contact.updated",
        "received_at": now,
        "due_at": now,
        "body": b"{}",
        "body_bytes": 2,
        "status": status,
    }
    return ReceivedEvent.objects.create(**(values | fields))


def rejected_request(
    source: Source, cause: RejectionCause, body: bytes, **fields: Any
) -> RejectedRequest:
    values: dict[str, Any] = {
        "site": source.site,
        "source": source,
        "at": timezone.now(),
        "cause": cause,
        "status_code": 400,
        "body_start": body,
        "body_bytes": len(body),
        "is_whole": True,
    }
    return RejectedRequest.objects.create(**(values | fields))
