"""The audit trail: who changed, replayed or looked at what. Services write it, nobody edits it."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, Self

from django.db.models import Model
from django.http import HttpRequest

from common.client_address import client_address
from sites.models import AuditEntry, Site, User
from sites.signals import audit_recorded

Changes = Mapping[str, tuple[Any, Any]]

# Enough to recognise a value; a whole settings object of a large source stays readable.
_LONGEST_TEXT: Final = 500
_LONGEST_JSON: Final = 2_000
_MOST_CHANGES: Final = 100
_SECRET_CHANGED: Final = ("", "changed")

_collected: ContextVar[list[AuditEntry] | None] = ContextVar("collected_audit", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and from where: a person in the console, or a command or process by its label."""

    user: User | None
    label: str
    address: str = ""

    @classmethod
    def from_request(cls, request: HttpRequest) -> Self:
        user = request.user if isinstance(request.user, User) else None
        label = user.get_username() if user else "anonymous"
        return cls(user=user, label=label, address=client_address(request))

    @classmethod
    def system(cls, label: str) -> Self:
        return cls(user=None, label=label)


def audit_record(
    *,
    actor: Actor,
    action: str,
    site: Site | None,
    target: Model | None,
    changes: Changes | None = None,
) -> AuditEntry:
    """Append one entry; `action` is noun and verb in the past, such as `source.updated`.

    Call it inside the transaction of the change, after the target has its key.
    """
    listed = list((changes or {}).items())[:_MOST_CHANGES]
    entry = AuditEntry.objects.create(
        actor=actor.user,
        actor_label=_text(actor.label, 150),
        address=actor.address[:45],
        site=site,
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        object_label=_text(_label(target), 200) if target is not None else "",
        changes={
            name: [_recordable(before), _recordable(after)] for name, (before, after) in listed
        },
    )
    collected = _collected.get()
    if collected is not None:
        collected.append(entry)
    audit_recorded.send(sender=AuditEntry, entry=entry, target=target)
    return entry


@contextmanager
def audit_entries() -> Iterator[list[AuditEntry]]:
    """Collect the entries that are written inside the block: what services changed there."""
    entries: list[AuditEntry] = []
    token = _collected.set(entries)
    try:
        yield entries
    finally:
        _collected.reset(token)


def field_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], secret_fields: Collection[str] = ()
) -> dict[str, tuple[Any, Any]]:
    """Return what differs as field to (before, after); a secret only says that it changed."""
    changes: dict[str, tuple[Any, Any]] = {}
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            secret = name in secret_fields
            changes[name] = _SECRET_CHANGED if secret else (before.get(name), after.get(name))
    return changes


def _label(target: Model) -> str:
    """Return how an entry names what it is about; nothing can take a person out of it later."""
    label = getattr(target, "audit_label", None)
    return str(target) if label is None else str(label)


def _recordable(value: Any) -> Any:
    """Return the value as short JSON that both databases store."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return _recordable_json(value)
    return _text(str(value), _LONGEST_TEXT)


def _recordable_json(value: Any) -> Any:
    text = json.dumps(value, default=str, ensure_ascii=False)
    if len(text) > _LONGEST_JSON:
        return _text(text, _LONGEST_TEXT)
    return json.loads(_storable(text.replace("\\u0000", "\ufffd")))


def _text(value: str, longest: int) -> str:
    text = _storable(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _storable(text: str) -> str:
    # PostgreSQL stores neither NUL nor half a surrogate pair, and an audit entry must never be
    # what makes a change fail.
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
