"""Short ways to say what a sender says."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from contacts.services import AppliedChange, ChangeSource, contact_apply
from integrations.contact_change import ContactChange, Identity, SourceIdKind
from sites.models import Site

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def source(key: str = "src_engage", **values: Any) -> ChangeSource:
    """Return a source that received its event long after everything in the tests happened."""
    values.setdefault("received_at", START + timedelta(days=1))
    values.setdefault("received_event_id", uuid.uuid4())
    values.setdefault("position", 0)
    return ChangeSource(key=key, label=key.removeprefix("src_").title(), **values)


def identity(**values: Any) -> Identity:
    """Return an identity; `contact` and `anonymous` are ids at the sender."""
    ids = {kind: str(values.pop(kind.value)) for kind in SourceIdKind if values.get(kind.value)}
    return Identity(source_ids=ids, **values)


def change(who: dict[str, Any], minute: float | None = 0, **values: Any) -> ContactChange:
    return ContactChange(
        identity=identity(**who), occurred_at=None if minute is None else at(minute), **values
    )


def apply(
    site: Site,
    who: dict[str, Any],
    minute: float | None = 0,
    *,
    by: ChangeSource | str = "src_engage",
    **values: Any,
) -> AppliedChange:
    """Apply one change, said at that minute by the source."""
    return contact_apply(
        site=site,
        change=change(who, minute, **values),
        source=source(by) if isinstance(by, str) else by,
    )
