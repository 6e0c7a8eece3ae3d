from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """A request as it came in, secrets masked in its headers, whose names are in lower case."""

    content_type: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """Something that happened, on its way into the outbox.

    `payload` fits the schema of the type. `subject` names the person (`email`, `phone`,
    `external_id`); `order_key` says whom or what it is about, for strict order; `source_key` is the
    public id of the source or subscription that it came from, which is not told of it. `raw` is
    stored only where somebody asked for raw requests. `id` is drawn unless given, which makes a
    repeat recognisable: see `relayed_event_id`.
    """

    site_id: int
    type: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    contact_id: UUID | None = None
    subject: Mapping[str, str] = field(default_factory=dict)
    order_key: str = ""
    source_key: str = ""
    received_event_id: UUID | None = None
    raw: RawRequest | None = None
    id: UUID | None = None
