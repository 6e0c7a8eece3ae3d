"""Subscriptions in memory, events of every type, and requests as they go out. No database."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from common.http import OutgoingRequest
from common.json_text import json_text
from integrations.inbound_event import InboundEvent
from integrations.preset import Preset, Sample
from integrations.registry import preset_for
from integrations.request import InboundRequest, PresetConfig
from sites.models import Site
from tests.integrations.arrivals import cleaned_config, make_request
from tests.integrations.recorded_events import plain
from webhooks.outbound.building import build, prepare
from webhooks.outbound.event_types import static_event_types
from webhooks.outbound.event_types.event_type import EventType
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, snapshot_of
from webhooks.outbound.subscriptions.fitting import new_subscription

# When things happened, and when they are told: a moment later, as always.
AT: Final = datetime(2026, 3, 15, 11, 59, 58, 123000, tzinfo=UTC)
NOW: Final = datetime(2026, 3, 15, 12, 0, 0, tzinfo=UTC)
URL: Final = "https://receiver.example.com/hooks?tenant=acme"
# A KSUID of 2026-03-15 11:59:58.
MESSAGE_ID: Final = "msg_3AysA7sGc87XglaAuoLSRCd34Ki"
CONTACT_ID: Final = "515c1b2a-7124-4bb9-826b-aedbbe5da8c4"
PERSON: Final = {"email": "john.doe@example.com", "external_id": "CRM-12345"}

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
# A key of WebEngage, and of a plain HMAC.
PLAIN_SECRET: Final = "k3Jt9wQz7LmX2vBn5RcY8pHd"
LICENSE_CODE: Final = "311c48b3"
SECRETS: Final[Mapping[str, Mapping[str, str]]] = {
    "standard_webhooks": {"signing": SECRET},
    "hmac": {"signing": PLAIN_SECRET},
    "webengage": {"signing": PLAIN_SECRET},
    "basic": {"user": "patchbay", "password": PLAIN_SECRET},
    "none": {},
}
FORMAT_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "engage": {"tenant": "acme"},
    "webengage_event": {"license_code": LICENSE_CODE},
    "webengage_feedback": {"license_code": LICENSE_CODE},
    "webengage_survey": {"license_code": LICENSE_CODE},
    "ongage_batch": {"list_id": "9997"},
}


def snapshot(
    format_key: str,
    settings: Mapping[str, Any] | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    **fields: Any,
) -> SubscriptionSnapshot:
    """Return a subscription as one of the format starts, its settings cleaned; signed throughout.

    `settings` and `secrets` add to what the format and the way of signing need.
    """
    dialect = format_for(format_key)
    assert dialect is not None
    subscription = new_subscription(Site(pk=7, name="Brand", slug="brand"), dialect)
    subscription.url = URL
    cleaned, errors = dialect.clean({**FORMAT_SETTINGS.get(format_key, {}), **(settings or {})})
    assert not errors, errors
    subscription.format_settings = cleaned
    signing = fields.pop("signing", None) or next(
        each for each in dialect.signings if each != "none"
    )
    given = {**SECRETS[signing], **(secrets or {})}
    made = dataclasses.replace(
        snapshot_of(subscription), id=1, site_id=7, signing=signing, secrets=given
    )
    return dataclasses.replace(made, **fields)


def sent_event(event_type: str, payload: Any, **fields: Any) -> SentEvent:
    text = payload if isinstance(payload, str) else json_text(payload)
    values: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "type": event_type,
        "occurred_at": AT,
        "payload_text": text,
        "site_id": "7",
        "contact_id": CONTACT_ID,
        "subject": PERSON,
    }
    return SentEvent(**(values | fields))


def request_of(
    to: SubscriptionSnapshot, *events: SentEvent, now: datetime = NOW
) -> OutgoingRequest:
    """Return the request that goes out, built and signed."""
    message_id = "msg_0123456789abcdef" if to.is_batched else events[0].message_id
    return prepare(to, build(to, events, message_id), message_id, now).request


def arrived(request: OutgoingRequest, at: datetime = NOW) -> InboundRequest:
    """Return a request that went out as the other side's reception would read it."""
    return make_request(
        request.body or b"",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)),
        received_at=at,
    )


# Types that a site has by its own configuration, and names that no vendor documents.
# The example of the opt-out is an opt-in.
OWN_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "contact.acceptsEmail.changed": {
        "contactId": CONTACT_ID,
        "acceptsEmail": False,
        "previousValue": True,
    },
    "custom_event.purchase": {
        "email": "john.doe@example.com",
        "amount": 49.9,
        "member": True,
        "tags": ["a", "b"],
        "friend": "friend@example.com",
    },
    "send.5f0c1d2e3a4b5c6d7e8f9a0b": {"email": "john.doe@example.com", "voucher": "A-1 <&>"},
}


# Recorded requests hold the numbers of message ids: what came later is counted behind the rest.
_NEWER: Final = ("segment.entered", "segment.left")


@cache
def catalogue() -> Mapping[str, SentEvent]:
    """Return an event of every type: the example of the catalogue, or what a sample came in as."""
    events = {each.key: _example(each) for each in static_event_types()}
    events |= {key: sent_event(key, payload) for key, payload in OWN_TYPES.items()}
    events |= {each.type: each for each in relays()}
    events |= {key: events.pop(key) for key in _NEWER}
    return {
        key: dataclasses.replace(each, message_id=f"{MESSAGE_ID[:-4]}{number:04d}")
        for number, (key, each) in enumerate(events.items())
    }


def _example(event_type: EventType) -> SentEvent:
    about_nobody = event_type.key.startswith(("account.", "subscription."))
    person: dict[str, Any] = {"subject": {}, "contact_id": ""} if about_nobody else {}
    return sent_event(event_type.key, dict(event_type.example), **person)


@cache
def relays() -> tuple[SentEvent, ...]:
    """Return what becomes of every sample that ships with a preset, when it is relayed."""
    found = []
    for key in ("voyado_engage", "webengage", "ongage", "generic_json"):
        preset = preset_for(key)
        for sample in preset.samples():
            found += [
                relay(preset, sample, event) for event in parsed(preset, sample) if not event.cause
            ]
    return tuple(found)


def parsed(preset: Preset, sample: Sample) -> list[InboundEvent]:
    return preset.parse(sample_request(preset, sample), config_of(preset))


def config_of(preset: Preset) -> PresetConfig:
    """Return the usual config; in surveys, a question of that name asks for the address."""
    config = cleaned_config(preset)
    if preset.key != "webengage":
        return config
    return dataclasses.replace(config, settings={**config.settings, "email_field": "E-mail"})


_QUALIFIED: Final = {
    ".json": (b'"E-mail": ""', b'"E-mail": "john@example.com"'),
    ".xml": (b'<entry key="E-mail" />', b'<entry key="E-mail">john@example.com</entry>'),
}


def sample_request(preset: Preset, sample: Sample) -> InboundRequest:
    headers = {
        "content-type": sample.content_type,
        "x-request-id": "0f1e2d3c4b5a6978",
        **sample.headers,
    }
    body = preset.sample_body(sample, cleaned_config(preset))
    if sample.name.startswith("survey_"):
        # As it ships it names nobody, and what is about nobody is not relayed.
        body = body.replace(b"Qualification", b"E-mail").replace(*_QUALIFIED[sample.path.suffix])
    return make_request(body, headers=headers, query=sample.query)


def relay(preset: Preset, sample: Sample, event: InboundEvent) -> SentEvent:
    request = sample_request(preset, sample)
    identity = event.change.identity if event.change and not event.change.deletion else None
    named = {name: getattr(identity, name, "") for name in ("email", "phone", "external_id")}
    payload = {
        "source": "src_0a1B2c3D4e5F6g7H8i9J0k",
        "eventType": event.type,
        "eventId": event.event_id,
        "receivedAt": request.received_at,
        "occurredAt": event.occurred_at,
        "data": event.data,
    }
    return sent_event(
        f"inbound.{preset.key}.{event.type}",
        payload,
        occurred_at=event.occurred_at or request.received_at,
        contact_id=CONTACT_ID if event.change else "",
        subject={name: value for name, value in named.items() if value},
        raw_content_type=sample.content_type,
        raw_headers={
            name: value for name, value in request.headers.items() if name != "content-type"
        },
        raw_body=request.body,
    )


def carried(format_key: str, settings: Mapping[str, Any] | None = None) -> Sequence[SentEvent]:
    """Return an event of each type of the catalogue that the format carries and wants."""
    dialect = format_for(format_key)
    assert dialect is not None
    cleaned = snapshot(format_key, settings).format_settings
    return [
        each
        for each in catalogue().values()
        if dialect.carries(each.type, cleaned)
        and dialect.wants(each.type, json.loads(each.payload_text), cleaned)
    ]


def facts(event: InboundEvent) -> Any:
    """Return what an event says, as plain JSON, without ids and times of its journey."""
    told = plain(event)
    told.pop("event_id", None)
    for part in (told, told.get("change", {}), *told.get("change", {}).get("activities", ())):
        part.pop("occurred_at", None)
    for activity in told.get("change", {}).get("activities", ()):
        activity.pop("key", None)
    for loyalty in told.get("change", {}).get("loyalty", ()):
        # Where the sender names nothing better, the message itself tells a repeat.
        if loyalty.get("source_id") == event.event_id:
            del loyalty["source_id"]
    return told
