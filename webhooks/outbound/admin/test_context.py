"""The section Test: what can be sent, and one test with request and answer as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from common.admin.payload_text import PayloadText, payload_text
from webhooks.outbound.admin.event_choices import carried_types, received_types
from webhooks.outbound.event_types import EventType
from webhooks.outbound.event_types.matching import matches
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import Attempt, Delivery, Event, KeptBody, Subscription

_RECENT: Final = 15
_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTest:
    """One test; texts are not HTML."""

    attempt: Attempt
    delivery: Delivery | None
    is_success: bool
    request_body: PayloadText | None
    answer_body: PayloadText | None


def test_context(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    dialect = format_for(subscription.format_key)
    received = received_types(subscription, dialect)
    others = [each for each in carried_types(subscription, dialect) if each not in received]
    wanted, unwanted = _recent_events(subscription)
    return {
        "received_types": by_group(received),
        "other_types": by_group(others),
        "recent_events": wanted,
        "other_events": unwanted,
        "needs_raw": dialect is not None and dialect.needs_raw(subscription.format_settings),
    }


def by_group(types: Any) -> list[tuple[str, list[EventType]]]:
    groups: dict[str, list[EventType]] = {}
    for each in types:
        groups.setdefault(str(each.group), []).append(each)
    return list(groups.items())


def shown_test(attempt: Attempt) -> ShownTest:
    kept = KeptBody.objects.filter(unit=attempt.unit).first()
    sent = bytes(kept.body) if kept else b""
    answer = attempt.response_body.encode()
    return ShownTest(
        attempt=attempt,
        delivery=Delivery.objects.filter(unit=attempt.unit).select_related("event").first(),
        is_success=not attempt.error,
        request_body=payload_text(sent, is_masked=False) if sent else None,
        answer_body=payload_text(answer, is_masked=False) if answer else None,
    )


def _recent_events(subscription: Subscription) -> tuple[list[Event], list[Event]]:
    """Return the newest events of types that it receives, then of others that could be sent.

    All are such as the format can carry as they are stored.
    """
    dialect, settings = format_for(subscription.format_key), subscription.format_settings
    if dialect is None:
        return [], []
    rows = Event.objects.filter(site=subscription.site).exclude(payload="")
    newest = rows.only("pk", "type", "occurred_at", "is_test", "raw_content_type").order_by("-pk")
    needs_raw = dialect.needs_raw(settings)
    found = [
        each
        for each in newest[:_LOOKED_AT]
        if dialect.carries(each.type, settings)
        and not each.is_test
        and (each.raw_content_type or not needs_raw)
    ]
    wanted = [each for each in found if matches(subscription.event_types, each.type)][:_RECENT]
    others = [each for each in found if not matches(subscription.event_types, each.type)]
    return wanted, others[: _RECENT - len(wanted)]
