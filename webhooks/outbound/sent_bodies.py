"""The body that an attempt sent, or would send: as kept, or built again and proved the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from webhooks.outbound.building import build
from webhooks.outbound.delivering.unit import batch_message_id
from webhooks.outbound.event_view import sent_event
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.models import Attempt, Delivery, Event, KeptBody
from webhooks.outbound.subscriptions.directory import subscriptions_by_id

_CHANGED: Final = (
    "The body of this request can no longer be shown: it was not kept, and the subscription has "
    "changed since, so that the event would be written differently now."
)
_ERASED: Final = (
    "The body of this request can no longer be shown: retention or an erasure took the contents of "
    "the event."
)
_NOT_BUILT: Final = "No request was made: the event could not be written in this format."


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBody:
    """`body` is None when it cannot be shown, and `why_not` says why. `is_draft`: not sent yet."""

    body: bytes | None = field(default=None, repr=False)
    why_not: str = ""
    content_type: str = ""
    is_draft: bool = False


def sent_body(attempt: Attempt, delivery: Delivery) -> SentBody:
    """Return the body of an attempt of this delivery, exactly as it went out."""
    kept = KeptBody.objects.filter(unit=attempt.unit).first()
    if kept is not None and _digest(bytes(kept.body)) == attempt.body_sha256:
        return SentBody(body=bytes(kept.body), content_type=kept.content_type)
    if not attempt.body_sha256:
        return SentBody(why_not=_NOT_BUILT)
    built = _built(delivery)
    if built.body is not None and _digest(built.body) == attempt.body_sha256:
        return SentBody(body=built.body, content_type=built.content_type)
    return SentBody(why_not=_ERASED if _is_emptied(delivery) else _CHANGED)


def draft_body(delivery: Delivery) -> SentBody:
    """Return the body that a delivery without an attempt would be sent with as things are now."""
    built = _built(delivery)
    return SentBody(
        body=built.body, why_not=built.why_not, content_type=built.content_type, is_draft=True
    )


def _built(delivery: Delivery) -> SentBody:
    """Return what the delivery's request would be, built as the worker builds it."""
    snapshot = subscriptions_by_id().get(delivery.subscription_id)
    rows = Delivery.objects.filter(unit=delivery.unit).order_by("pk")
    ids = list(rows.values_list("event_id", flat=True))
    found = Event.objects.select_related("site").in_bulk(ids)
    events = [sent_event(found[key]) for key in ids if key in found]
    if snapshot is None or not events:
        return SentBody(why_not=_ERASED)
    is_batch = delivery.unit != delivery.pk
    message_id = batch_message_id(delivery.unit) if is_batch else events[0].message_id
    try:
        built = build(snapshot, events, message_id)
    except CannotBuild as error:
        return SentBody(why_not=str(error))
    return SentBody(body=built.body, content_type=built.content_type)


def _is_emptied(delivery: Delivery) -> bool:
    return not Event.objects.filter(pk=delivery.event_id).exclude(payload="").exists()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
