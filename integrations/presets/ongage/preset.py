"""Ongage: bounces, unsubscribes and complaints, in a batch every ten minutes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from common.json import BadJson, parse_json
from integrations.chosen_verification import ChosenVerification, verification_fields
from integrations.inbound_event import InboundEvent, UnreadablePayload
from integrations.json_values import text_of
from integrations.presets.ongage.rows import EVENT_TYPES, STATUSES, event_from_row
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity


class Ongage(ChosenVerification):
    key = "ongage"
    label = "Ongage"
    summary = "Hard and soft bounces, unsubscribes and complaints of all lists of an account."
    event_types = EVENT_TYPES
    # Ten minutes after a large mailing a batch holds far more than the usual 512 KiB.
    max_body_bytes = 8 * 1024 * 1024
    # Rows carry no time, so that two genuine batches can be equal byte for byte; a day apart they
    # are taken as two.
    dedupe_window = timedelta(hours=24)
    settings_fields = verification_fields(("token_query", "basic", "ip_list", "none"))

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        try:
            rows = _rows(request.body)
        except BadJson as error:
            raise RefusedBody("BAD_JSON", str(error)) from None
        if rows is None:
            raise RefusedBody("BAD_BODY", "The body is neither a list nor a single object.")
        return RequestIdentity(
            dedupe_key=f"sha256:{hashlib.sha256(request.body).hexdigest()}",
            event_type=_event_type(rows),
        )

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        try:
            rows = _rows(request.body)
        except BadJson as error:
            raise UnreadablePayload("BAD_JSON", str(error)) from None
        if rows is None:
            raise UnreadablePayload("BAD_BODY", "The body is neither a list nor a single object.")
        batch = request.received_at.isoformat()
        return [event_from_row(row, batch_key=f"{batch}#{index}") for index, row in enumerate(rows)]


def _rows(body: bytes) -> list[Any] | None:
    document = parse_json(body)
    if isinstance(document, dict):
        return [document]
    return document if isinstance(document, list) else None


def _event_type(rows: list[Any]) -> str:
    """Return the status of a lone row; a batch has many and is called one."""
    if len(rows) == 1 and isinstance(rows[0], dict):
        status = text_of(rows[0].get("status"))
        if status in STATUSES:
            return status
    return "batch"
