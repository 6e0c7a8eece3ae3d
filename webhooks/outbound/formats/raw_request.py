"""A webhook passed on as it came in: the same bytes, and those headers that were chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.http import check_header_value
from integrations.settings_fields import SettingField
from webhooks.outbound.formats.base import (
    BuiltRequest,
    CannotBuild,
    Encrypt,
    Format,
    SentEvent,
)

_CAME_IN: Final = ("inbound.", "custom_event.")
_UNKNOWN_TYPE: Final = "application/octet-stream"
_MOST_HEADERS: Final = 20
_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_NEVER: Final = frozenset(
    (
        "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "cookie", "expect", "host", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent",
    )
)  # fmt: skip
_GONE: Final = (
    "The request as it came in is no longer stored, or came in before this subscription asked for "
    "it. Requests that come in from now on are passed on."
)


def clean_header_names(value: str) -> str:
    """Return names separated by ", "; raises ValueError for one that cannot be passed on."""
    names = list(dict.fromkeys(name for name in re.split(r"[\s,;]+", value.lower()) if name))
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"“{name[:40]}” is no name of a header.")
        if name in _NEVER or name.startswith(("proxy-", "webhook-", "svix-")):
            raise ValueError(f"{name} is not passed on: it belongs to one connection or sender.")
    if len(names) > _MOST_HEADERS:
        raise ValueError(f"Choose at most {_MOST_HEADERS} headers.")
    return ", ".join(names)


class RawRequestFormat(Format):
    """For receivers that already understand the sender: of sources and of reception events."""

    key = "raw_request"
    label = "As received"
    summary = "Passes a webhook on byte for byte, to receivers that already know its sender."
    signings = ("standard_webhooks", "hmac", "basic", "none")
    settings_fields = (
        SettingField(
            key="headers",
            label="Headers to pass on",
            help_text="Names of the sender's headers, separated by commas. The content type always "
            "goes along; signatures and keys of the sender never do.",
            clean=clean_header_names,
        ),
    )

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type.startswith(_CAME_IN)

    def needs_raw(self, settings: Mapping[str, Any]) -> bool:
        return True

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        event = events[0]
        if event.raw_body is None:
            raise CannotBuild(_GONE)
        chosen = str(settings.get("headers") or "").split(", ")
        given = {name.lower(): value for name, value in event.raw_headers.items()}
        return BuiltRequest(
            body=event.raw_body,
            content_type=event.raw_content_type
            if _is_sendable(event.raw_content_type)
            else _UNKNOWN_TYPE,
            headers={
                name: given[name] for name in chosen if name in given and _is_sendable(given[name])
            },
        )


def _is_sendable(value: str) -> bool:
    """Say whether a value that came in may go out: what was masked, or is no ASCII, may not."""
    try:
        return bool(check_header_value(value))
    except ValueError:
        return False
