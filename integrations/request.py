"""One request as presets and verifiers see it, free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class InboundRequest:
    """Raw bytes and what came with them.

    Header names are lower-case. `query` holds one value per name; a name sent twice is not in it.
    In the worker the same object is rebuilt from storage, with secrets masked in both mappings.
    """

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    remote_address: str = ""
    path: str = ""
    received_at: datetime


@dataclass(slots=True, kw_only=True)
class PresetConfig:
    """A source's own settings, validated against its preset's declared fields.

    `secrets` holds the values of secret fields: text, or a list of text where several are current.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class RequestIdentity:
    """What reception needs to know of a body before it is stored.

    `dedupe_key` is unique within the source; at most 200 characters.
    """

    dedupe_key: str
    event_type: str
    event_id: str = ""


class RefusedBody(Exception):
    """The body cannot be accepted: answered 400 and kept as a rejected request.

    `cause` is a code of `RejectionCause`; `detail` a sentence that may be shown to the sender;
    `headers` go into the answer (Engage: `webhook-delivery: abort-message`).
    """

    def __init__(self, cause: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.headers = dict(headers or {})
