"""The mapping tester: what each field finds in a body and what becomes of it, saving nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from common.json import BadJson, parse_json
from common.masks import MASK
from common.redaction import mask_body_text
from integrations.causes import RejectionCause
from integrations.presets.reception_event.definition import EventDefinition, event_definition
from integrations.presets.reception_event.reading import read_event
from integrations.presets.reception_event.tracing import Trace, trace
from integrations.request import RefusedBody
from sites.audit import Actor, audit_record
from webhooks.inbound.admin.custom_integrations.body_tree import body_lines
from webhooks.inbound.models import (
    Context,
    ReceivedEvent,
    ReceptionEvent,
    ReceptionField,
    RejectedRequest,
)
from webhooks.inbound.reception_events.compiled_settings import compiled

MOST_STORED: Final = 10
_LOOKED_THROUGH: Final = 50
LARGEST_BODY: Final = 512 * 1024
# Errors that leave nothing to read a value by; those of a target, say, do not matter here.
_READING: Final = frozenset(("id", "type", "default_country_code", "options", "pointer"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """One of the last requests, to be chosen by `value`."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedBody:
    """`is_masked` hides personal values from the page, never from the reading."""

    body: bytes
    is_masked: bool = False
    may_reveal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedField:
    name: str
    field_id: str
    pointer: str
    found: str
    value: str
    reason: str
    chip: SafeString


def stored_requests(event: ReceptionEvent) -> list[StoredRequest]:
    """Return the last received and rejected requests that can be read again, newest first."""
    received = ReceivedEvent.objects.filter(source_id=event.source_id).annotate(
        is_kept=ExpressionWrapper(Q(body__isnull=False), output_field=BooleanField())
    )
    rejected = RejectedRequest.objects.filter(source_id=event.source_id)
    # Chosen among the newest: looking for any that is whole could walk over millions.
    found = [
        (each.received_at, f"received:{each.pk}", "Received")
        for each in received.only("received_at").order_by("-pk")[:_LOOKED_THROUGH]
        if each.is_kept
    ] + [
        (each.at, f"rejected:{each.pk}", f"Rejected ({each.cause})")
        for each in rejected.only("at", "cause", "is_whole").order_by("-pk")[:_LOOKED_THROUGH]
        if each.is_whole
    ]
    newest = sorted(found, reverse=True)[:MOST_STORED]
    with timezone.override(event.site.time_zone):
        return [
            StoredRequest(value=value, label=f"{what} {timezone.localtime(at):%d %b %H:%M:%S}")
            for at, value, what in newest
        ]


def tested_body(request: HttpRequest, event: ReceptionEvent) -> TestedBody:
    """Return the body that was pasted or chosen. Raises ValidationError with a sentence."""
    kind, _, key = request.POST.get("tester-pick", "").partition(":")
    if kind and event.pk:
        return _stored_body(request, event, kind, key)
    pasted = request.POST.get("tester-body", "").strip().encode()
    if not pasted:
        raise ValidationError("Paste a body or choose a request.")
    if len(pasted) > LARGEST_BODY:
        raise ValidationError("The body is larger than an event may be, which is 512 KiB.")
    return TestedBody(body=pasted)


def tester_result(
    event: ReceptionEvent,
    fields: Sequence[ReceptionField],
    errors: Mapping[str, Any],
    tested: TestedBody,
) -> dict[str, Any]:
    """Return what the page shows of a test of these fields; `errors` are those of the fields."""
    readable = [
        field
        for place, field in enumerate(fields)
        if not any(f"fields.{place}.{attribute}" in errors for attribute in _READING)
    ]
    definition = event_definition(compiled(event, readable))
    try:
        document: Any = parse_json(tested.body)
    except BadJson as error:
        return {"problem": f"This is not JSON that can be taken. {error}"}
    shown: Any = _masked(tested.body) if tested.is_masked else document
    lines, is_cut = body_lines(shown)
    traces = trace(definition, document)
    return {
        "lines": lines,
        "is_cut": is_cut,
        "is_masked": tested.is_masked,
        "may_reveal": tested.may_reveal and tested.is_masked,
        "rows": [
            _row(field, each, masked, is_strict=event.context == Context.API)
            for field, each, masked in zip(readable, traces, trace(definition, shown), strict=True)
        ],
        "unreadable": len(fields) - len(readable),
        "verdict": _verdict(definition, tested.body),
    }


def _stored_body(request: HttpRequest, event: ReceptionEvent, kind: str, key: str) -> TestedBody:
    """Look it up among the event's own requests, whatever id was sent."""
    try:
        if kind == "received":
            received = ReceivedEvent.objects.get(pk=key, source_id=event.source_id)
            is_masked = "tester-reveal" not in request.POST
            if not is_masked:
                audit_record(
                    actor=Actor.from_request(request),
                    action="received_event.body_revealed",
                    site=event.site,
                    target=received,
                )
            body = bytes(received.body or b"")
            return TestedBody(body=body, is_masked=is_masked, may_reveal=True)
        rejected = RejectedRequest.objects.get(pk=key, source_id=event.source_id, is_whole=True)
        return TestedBody(body=bytes(rejected.body_start), is_masked=True)
    except (ReceivedEvent.DoesNotExist, RejectedRequest.DoesNotExist, ValidationError):
        raise ValidationError("This request is not kept any more. Choose another.") from None


def _masked(body: bytes) -> Any:
    """Return the document with personal values masked; a mask is a text whatever it hides."""
    try:
        return parse_json(mask_body_text(body.decode("utf-8-sig")).encode())
    except (BadJson, UnicodeDecodeError):
        return {}


def _row(field: ReceptionField, each: Trace, masked: Trace, *, is_strict: bool) -> TestedField:
    value = "" if each.value is None else _text(each.value)
    if value and each.found != masked.found:
        value = MASK
    is_absent = each.found in ("", "null")
    if each.value is not None:
        chip = status_chip("Read", Tone.GOOD)
    elif field.is_required or (is_strict and not is_absent):
        chip = status_chip("Refused", Tone.BAD)
    elif is_absent:
        chip = status_chip("Absent", Tone.QUIET)
    else:
        chip = status_chip("Left out", Tone.WARNING)
    return TestedField(
        name=field.name or field.field_id,
        field_id=field.field_id,
        pointer=each.pointer,
        found=masked.found,
        value=value,
        reason=each.reason,
        chip=chip,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _verdict(definition: EventDefinition, body: bytes) -> dict[str, Any]:
    """Return how the request would be answered, and what is wrong with it."""
    try:
        read = read_event(definition, body)
    except RefusedBody as error:
        return {
            "chip": status_chip(_refusal(definition, error), Tone.BAD),
            "sentence": error.detail,
        }
    if read.problems:
        return {
            "chip": status_chip("422", Tone.BAD),
            "sentence": "It would be refused:",
            "problems": [f"{each.path}: {each.reason}" for each in read.problems],
        }
    sentence = "It would be accepted."
    status = "202" if definition.context == Context.APP else "201"
    return {"chip": status_chip(status, Tone.GOOD), "sentence": sentence, "notes": read.notes}


def _refusal(definition: EventDefinition, error: RefusedBody) -> str:
    # A page or app sends many events in a body, of which one may be wrong.
    is_whole = definition.context != Context.APP or error.cause == RejectionCause.BAD_JSON
    return "400" if is_whole else "422"
