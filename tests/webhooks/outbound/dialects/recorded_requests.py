"""Requests as they go out, one file each: the request line, the headers, then the bytes.

`python -m tests.webhooks.outbound.dialects.recorded_requests` writes those of new cases, and
with `--all` every one of them anew. Read what it wrote before you commit it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parents[1] / "golden"
ENGAGE_KEY: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Case(NamedTuple):
    """A subscription of a format, and the types of the events that it is sent."""

    format_key: str
    types: tuple[str, ...]
    settings: Mapping[str, Any] = {}
    fields: Mapping[str, Any] = {}


_XML: Final = {"body_format": "xml"}
_BATCH: Final = {"batch_size": 100, "batch_seconds": 600}
_ONGAGE: Final = tuple(
    f"inbound.ongage.{each}" for each in ("hard", "soft", "unsubscribe", "complaint")
)
_OPT_OUT: Final = "contact.acceptsEmail.changed"
_ENCRYPTED: Final = {"encryption": "engage", "secrets": {"encryption": ENGAGE_KEY}}

CASES: Final[Mapping[str, Case]] = {
    "engage/contact.updated": Case("engage", ("contact.updated",)),
    "engage/contact.deleted.encrypted": Case("engage", ("contact.deleted",), {}, _ENCRYPTED),
    "engage/contact.acceptsEmail.changed": Case("engage", (_OPT_OUT,)),
    "engage/contact.acceptsEmail.changed.webhook_names": Case(
        "engage", (_OPT_OUT,), {}, {"signing_settings": {"family": "webhook"}}
    ),
    "engage/loyalty.addPoints": Case("engage", ("loyalty.addPoints",)),
    "engage/point.balance.updated": Case("engage", ("point.balance.updated",)),
    "engage/reward.voucher.created": Case("engage", ("reward.voucher.created",)),
    "engage/promotion.multichannel.assigned": Case("engage", ("promotion.multichannel.assigned",)),
    "webengage_event/unsubscribed": Case(
        "webengage_event",
        (_OPT_OUT,),
        {"hook": "specific", "event_name": "email_unsubscribe"},
    ),
    "webengage_event/custom_event": Case("webengage_event", ("custom_event.purchase",)),
    "webengage_event/relayed_application": Case(
        "webengage_event", ("inbound.webengage.order_placed",)
    ),
    "webengage_event/relayed_system": Case(
        "webengage_event",
        ("inbound.webengage.push_notification_accepted",),
        {"hook": "global_system"},
    ),
    "webengage_event/relayed_bounce": Case(
        "webengage_event", ("inbound.ongage.hard",), {"hook": "global_system"}
    ),
    "webengage_event/journey": Case(
        "webengage_event", ("account.source.activated",), {"hook": "journey"}
    ),
    "webengage_feedback/custom_event": Case("webengage_feedback", ("custom_event.purchase",)),
    "webengage_feedback/relayed_feedback": Case(
        "webengage_feedback", ("inbound.webengage.FEEDBACK_SUBMIT",)
    ),
    "webengage_feedback/relayed_feedback_xml": Case(
        "webengage_feedback", ("inbound.webengage.FEEDBACK_SUBMIT",), _XML
    ),
    "webengage_feedback/relayed_replies": Case(
        "webengage_feedback", ("inbound.webengage.FEEDBACK_REPLY_SUBMIT",)
    ),
    "webengage_feedback/relayed_replies_xml": Case(
        "webengage_feedback", ("inbound.webengage.FEEDBACK_REPLY_SUBMIT",), _XML
    ),
    "webengage_survey/send_event_xml": Case(
        "webengage_survey", ("send.5f0c1d2e3a4b5c6d7e8f9a0b",), _XML
    ),
    "webengage_survey/relayed_response": Case(
        "webengage_survey", ("inbound.webengage.SURVEY_RESPONSE_SUBMIT",)
    ),
    "webengage_survey/relayed_response_xml": Case(
        "webengage_survey", ("inbound.webengage.SURVEY_RESPONSE_SUBMIT",), _XML
    ),
    "ongage_batch/all_four": Case("ongage_batch", _ONGAGE, {}, {"signing": "basic"}),
    "connectif_send/send_event": Case(
        "connectif_send",
        ("send.5f0c1d2e3a4b5c6d7e8f9a0b",),
        {},
        {"signing": "none", "headers": {"X-Connectif-Key": "of-the-operator"}},
    ),
    "standard_webhooks/contact.created": Case("standard_webhooks", ("contact.created",)),
    "standard_webhooks/contact.deleted": Case("standard_webhooks", ("contact.deleted",)),
    "standard_webhooks/batch": Case(
        "standard_webhooks", ("contact.created", "contact.deleted"), {}, _BATCH
    ),
    "standard_webhooks/hmac": Case(
        "standard_webhooks",
        ("contact.deleted",),
        {},
        {"signing": "hmac", "signing_settings": {"header": "X-Signature", "prefix": "sha256="}},
    ),
    "cloudevents/structured": Case(
        "cloudevents", ("contact.deleted",), {"type_prefix": "com.example."}
    ),
    "cloudevents/binary": Case("cloudevents", ("contact.deleted",), {"mode": "binary"}),
    "cloudevents/batch": Case(
        "cloudevents", ("contact.created", "contact.deleted"), {"mode": "binary"}, _BATCH
    ),
    "raw_request/order": Case(
        "raw_request", ("inbound.webengage.order_placed",), {"headers": "x-request-id"}
    ),
    "raw_request/feedback": Case(
        "raw_request",
        ("inbound.webengage.FEEDBACK_SUBMIT",),
        {"headers": "X-Request-Id, x-not-there"},
        {"signing": "basic"},
    ),
}


def golden_path(name: str) -> Path:
    return FOLDER / f"{name}.http"


def request_bytes(name: str) -> bytes:
    """Return the request of a case in the form of its file."""
    from tests.webhooks.outbound.dialects.sending import catalogue, request_of, snapshot

    case = CASES[name]
    fields = dict(case.fields)
    to = snapshot(case.format_key, case.settings, secrets=fields.pop("secrets", None), **fields)
    request = request_of(to, *(catalogue()[each] for each in case.types))
    lines = [f"{request.method} {request.url}"]
    lines += [f"{header}: {value}" for header, value in request.headers.items()]
    return "\n".join(lines).encode() + b"\n\n" + (request.body or b"")


def write(names: list[str]) -> None:
    for name in names:
        golden_path(name).parent.mkdir(parents=True, exist_ok=True)
        golden_path(name).write_bytes(request_bytes(name))


if __name__ == "__main__":
    import django

    import tests.environment  # noqa: F401 - what Django reads, it sets

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    write([each for each in CASES if "--all" in sys.argv or not golden_path(each).exists()])
