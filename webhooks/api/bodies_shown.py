"""Stored bodies in answers: cut to size, and masked for keys that may not read contacts."""

from __future__ import annotations

import json
from typing import Any, Final

from common.masks import mask_identities
from common.redaction import mask_body_text

MOST_BYTES: Final = 64 * 1024


def body_text(body: bytes, *, shows_people: bool, is_cut: bool = False) -> dict[str, Any]:
    """Return the start of a body as text; `isCut` says that it goes on."""
    text = bytes(body[:MOST_BYTES]).decode("utf-8-sig", "replace").replace("\0", "\ufffd")
    return {
        "text": text if shows_people else mask_body_text(text),
        "isCut": is_cut or len(body) > MOST_BYTES,
        "isMasked": not shows_people,
    }


def told(row: dict[str, Any], *, shows_people: bool) -> dict[str, Any]:
    """Return a row whose sentences name nobody, where that is asked for."""
    return row if shows_people else {name: _told(value) for name, value in row.items()}


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return mask_identities(value)
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_told(each) for each in value]
    return value


def payload_value(payload: str, *, shows_people: bool) -> Any:
    """Return the payload of an event; None once retention or an erasure took it."""
    if not payload:
        return None
    return json.loads(payload if shows_people else mask_body_text(payload))
