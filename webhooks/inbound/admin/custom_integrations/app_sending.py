"""How a page or an app sends an event: the script's tag, the line that sends it, and a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from integrations.presets.reception_event.definition import event_definition
from integrations.presets.reception_event.sample_document import sample_body
from integrations.sample_request import BuiltRequest
from sites.models import PublishableKey
from sites.publishable_keys.page_code import (
    events_url,
    example_origin,
    key_to_show,
    script_tag,
)
from webhooks.inbound.models import ReceptionEvent

KEY_PLACEHOLDER: Final = "YOUR-PUBLISHABLE-KEY"
# What a page may send without asking first, which is what the script sends.
_TEXT: Final = {"content-type": "text/plain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSending:
    """`key` is None while the site has none, `script_tag` empty while no page may use it."""

    key: PublishableKey | None
    script_tag: str
    send_line: str
    origin: str


def app_sending(event: ReceptionEvent) -> AppSending:
    key = key_to_show(event.site)
    origin = example_origin(key) if key else ""
    return AppSending(
        key=key,
        script_tag=script_tag(key) if key and origin else "",
        send_line=send_line(event),
        origin=origin,
    )


def app_request(event: ReceptionEvent, key: PublishableKey | None) -> BuiltRequest:
    """Return a request with the sample body as a page that may use the key sends it, or an app."""
    origin = example_origin(key) if key else ""
    document = json.loads(sample_body(event_definition(event.source.settings)))
    return BuiltRequest(
        url=events_url(event.site, key.key if key else KEY_PLACEHOLDER),
        headers=_TEXT | ({"origin": origin} if origin else {}),
        body=json.dumps(document, ensure_ascii=False).encode(),
        secret_headers=frozenset(),
        secret_query=frozenset(),
    )


def send_line(event: ReceptionEvent) -> str:
    """Return the call for a page's own script, with a value for each field."""
    [sample] = json.loads(sample_body(event_definition(event.source.settings)))["events"]
    lines = ["type: 'custom'", f"eventId: '{event.event_id}'"]
    if sample["payload"]:
        # Within a script element, "</script" would end it wherever it stands.
        payload = json.dumps(sample["payload"], indent=2, ensure_ascii=False)
        lines.append("payload: " + payload.replace("<", "\\u003c").replace("\n", "\n  "))
    return "patchbay.managed.sendEvents([{\n  " + ",\n  ".join(lines) + "\n}]);"
