"""What the page of one delivery shows: its tries, and one of them as it went out and came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from common.admin.payload_text import PayloadText, payload_text
from common.masks import mask_identities
from common.redaction import redact_url
from webhooks.outbound.admin.curl_command import curl_command
from webhooks.outbound.admin.delivery_words import (
    advice_words,
    attempt_chip,
    delivery_chip,
    summary_words,
    took_words,
    trigger_words,
)
from webhooks.outbound.delivering.unit import batch_message_id
from webhooks.outbound.models import Attempt, Delivery, DeliveryStatus, Event
from webhooks.outbound.recovering.resend import CANCELLABLE, why_not_resendable
from webhooks.outbound.sent_bodies import SentBody, draft_body, sent_body

TABS: Final = ("request", "response")
_MOST_ATTEMPTS: Final = 100
_MOST_LISTED: Final = 20
_UNREAD: Final = ("request_headers", "response_headers", "response_body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One line of the timeline."""

    attempt: Attempt
    why: str
    chip: SafeString
    took: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One attempt as it was; bodies are None for whom they are not shown to."""

    attempt: Attempt
    url: str
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    sent: SentBody | None
    request_body: PayloadText | None
    response_body: PayloadText | None
    curl: str


def delivery_context(
    delivery: Delivery, *, number: int, tab: str, is_masked: bool, with_bodies: bool
) -> dict[str, Any]:
    """Return all of the page; `number` names the attempt that is shown, 0 the last one."""
    rows = Attempt.objects.filter(unit=delivery.unit).order_by("pk")
    attempts = list(rows.defer(*_UNREAD)[:_MOST_ATTEMPTS])
    shown = next((each for each in attempts if each.number == number), None)
    shown = shown or (attempts[-1] if attempts else None)
    exchange = None
    if shown is not None:
        exchange = _exchange(
            rows.get(pk=shown.pk), delivery, is_masked=is_masked, with_bodies=with_bodies
        )
    draft = draft_body(delivery) if with_bodies and _is_unsent(delivery, attempts) else None
    return {
        "delivery": delivery,
        "event": Event.objects.defer("payload", "raw_body").get(pk=delivery.event_id),
        "chip": delivery_chip(delivery),
        "summary": summary_words(delivery),
        "reason": mask_identities(delivery.reason) if is_masked else delivery.reason,
        "advice": advice_words(delivery),
        "tries": [_try(each, delivery) for each in attempts],
        "exchange": exchange,
        "draft": draft,
        "draft_text": _shown(draft, is_masked=is_masked),
        "tab": tab if tab in TABS else TABS[0],
        "is_masked": is_masked,
        "obstacle": why_not_resendable(delivery),
        "is_success": delivery.status == DeliveryStatus.SUCCEEDED,
        "is_cancellable": delivery.status in CANCELLABLE,
        "batch_others": _batch_count(delivery) - 1,
        "batch_message_id": _batch_message_id(delivery, exchange),
        "repeats": _linked(Delivery.objects.filter(pk__in=[delivery.repeats_id])),
        "repeated_by": _linked(Delivery.objects.filter(repeats=delivery.pk)),
        "newer": _neighbour(delivery, "pk__gt", "pk"),
        "older": _neighbour(delivery, "pk__lt", "-pk"),
    }


def _try(attempt: Attempt, delivery: Delivery) -> Try:
    return Try(
        attempt=attempt,
        why=trigger_words(attempt.trigger, attempt.number, delivery.triggered_by),
        chip=attempt_chip(attempt),
        took=took_words(attempt.duration_ms),
        sentence=mask_identities(attempt.sentence),
    )


def _exchange(
    attempt: Attempt, delivery: Delivery, *, is_masked: bool, with_bodies: bool
) -> Exchange:
    sent = sent_body(attempt, delivery) if with_bodies else None
    answer = attempt.response_body.encode() if with_bodies and attempt.response_body else None
    return Exchange(
        attempt=attempt,
        url=mask_identities(redact_url(attempt.url)) if is_masked else attempt.url,
        request_headers=_headers(attempt.request_headers, is_masked),
        response_headers=_headers(attempt.response_headers, is_masked),
        sent=sent,
        request_body=_shown(sent, is_masked=is_masked),
        response_body=payload_text(answer, is_masked=is_masked) if answer else None,
        curl=curl_command(
            attempt, sent.body, file_name=f"{delivery.pk}.txt", is_inline=not is_masked
        )
        if sent and sent.body is not None
        else "",
    )


def _shown(sent: SentBody | None, *, is_masked: bool) -> PayloadText | None:
    if sent is None or sent.body is None:
        return None
    return payload_text(sent.body, is_masked=is_masked)


def _headers(headers: dict[str, str], is_masked: bool) -> dict[str, str]:
    if not is_masked:
        return headers
    return {name: mask_identities(str(value)) for name, value in headers.items()}


def _is_unsent(delivery: Delivery, attempts: list[Attempt]) -> bool:
    return not attempts and delivery.status != DeliveryStatus.CANCELLED


def _batch_count(delivery: Delivery) -> int:
    return Delivery.objects.filter(unit=delivery.unit).count()


def _batch_message_id(delivery: Delivery, exchange: Exchange | None) -> str:
    """Return the id by which the receiver knows the batch, empty where its request has none."""
    own = batch_message_id(delivery.unit)
    return own if exchange and own in exchange.request_headers.values() else ""


def _linked(rows: QuerySet[Delivery]) -> list[dict[str, Any]]:
    listed = rows.order_by("-pk")[:_MOST_LISTED]
    return [{"row": each, "chip": delivery_chip(each)} for each in listed]


def _neighbour(delivery: Delivery, lookup: str, order: str) -> Delivery | None:
    rows: QuerySet[Delivery] = Delivery.objects.filter(
        subscription_id=delivery.subscription_id, **{lookup: delivery.pk}
    )
    return rows.only("pk").order_by(order).first()
