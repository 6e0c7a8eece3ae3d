"""A preset whose bodies say what shall happen to them, for tests of the worker.

A body is a list of rows: `{"email": ..., "do": ...}`. Every accepted row adds one activity without
a key and one soft bounce, so that a row applied twice shows.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any
from unittest import mock

from integrations import registry
from integrations.contact_change import (
    ActivityFact,
    ContactChange,
    Deletion,
    EmailListFact,
    Identity,
)
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.preset import Preset
from integrations.request import InboundRequest, PresetConfig, RequestIdentity
from integrations.verification import Unsigned, Verifier
from tests.factories import SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import ReceivedEvent, Source, Status


class Scripted(Preset):
    key = "scripted"
    label = "Scripted"
    summary = "For tests."

    def verifier(self, config: PresetConfig) -> Verifier:
        return Unsigned("A test sends to itself.")

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        rows = json.loads(request.body)
        return RequestIdentity(dedupe_key=rows[0]["email"], event_type="scripted")

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        return [_event(row, config) for row in json.loads(request.body)]


def _event(row: dict[str, Any], config: PresetConfig) -> InboundEvent:
    do = row.get("do", "accept")
    if do == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "raise":
        raise KeyError(row["email"])
    if do == "unreadable" and not config.settings.get("readable"):
        raise UnreadablePayload("WRONG_KEY", "Set the right key, then replay.")
    if do == "wait":
        ends_at = time.monotonic() + 120
        while not Path(row["until"]).exists() and time.monotonic() < ends_at:
            time.sleep(0.01)
    event = InboundEvent(type=row.get("type", "scripted"), event_id=row.get("id", ""))
    if do in ("ignore", "quarantine"):
        event.disposition = Disposition(f"{do}d")
        event.cause, event.reason = f"TEST_{do.upper()}", f"Told to {do}."
    elif do != "nobody":
        event.change = _change(row)
    return event


def _change(row: dict[str, Any]) -> ContactChange:
    identity = Identity(email=row.get("email", ""), external_id=row.get("external_id", ""))
    if row.get("do") == "delete":
        return ContactChange(identity=identity, deletion=Deletion(reason="asked for it"))
    return ContactChange(
        identity=identity,
        fields={"first_name": row["first_name"]} if "first_name" in row else {},
        activities=(ActivityFact(type="counted"),),
        email_list=EmailListFact(kind="soft", list_id="1"),
    )


def scripted_presets() -> Any:
    """Return a patch under which the preset exists."""
    known = registry._presets_by_key()
    found = {**known, Scripted.key: Scripted()}
    return mock.patch.object(registry, "_presets_by_key", return_value=found)


def scripted_source(**fields: Any) -> Source:
    return SourceFactory.create(preset_key=Scripted.key, **fields)


def scripted_event(source: Source, *rows: dict[str, Any], **fields: Any) -> ReceivedEvent:
    body = json.dumps(rows).encode()
    return received_event(source, Status.RECEIVED, body=body, body_bytes=len(body), **fields)
