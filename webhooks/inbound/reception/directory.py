"""Sources, reception events and keys in memory: reception asks no database for one.

The journal's thread loads a snapshot on first use and again when the configuration version has
risen, in this or any other process. Requests only read: while it loads, and while the database is
away, the previous snapshot serves. Who is not in it may be new: before it is said that there is no
such address, the thread looks once more, later than the request came. Of many strangers at once it
looks for a few, and the others are judged by the snapshot.
"""

# ruff: noqa: TRY400 - the text of a database error, or of a preset's, may quote a row.

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import F, TextField
from django.db.models.functions import Cast

from common.encryption import DecryptionFailed
from integrations.inbound_event import UnreadablePayload
from integrations.preset import Preset
from integrations.presets.reception_event.definition import EventDefinition, event_definition
from integrations.registry import preset_for
from integrations.request import PresetConfig
from integrations.verification import Closed, Verifier
from sites.api_keys.known_keys import KnownKey, known_keys
from sites.models import ConfigurationVersion
from sites.publishable_keys.known_keys import KnownPublishableKey, known_publishable_keys
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.models import ReceptionEvent, Source

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

FIRST_LOAD_SECONDS: Final = 10.0
# Guesses at addresses cost the database no more rounds than this, and wait in no more threads.
LOOK_AGAIN_SECONDS: Final = 0.1
_looking_again: Final = threading.BoundedSemaphore(4)


class DirectoryUnavailable(Exception):
    """What was asked for is not loaded, and the database did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSnapshot:
    """One source as it was when loaded. `is_active` also asks its site."""

    id: int
    site_id: int
    public_id: str
    is_active: bool
    throttle_per_second: int
    preset: Preset
    config: PresetConfig
    verifier: Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSnapshot:
    """A reception event that was not deleted, with the source that it owns."""

    source: SourceSnapshot
    definition: EventDefinition
    site_public_id: UUID


class _Snapshot(NamedTuple):
    """Sources that have an address of their own by public id, the others as events."""

    version: int
    sources: Mapping[str, SourceSnapshot]
    events_by_alias: Mapping[tuple[str, str], EventSnapshot]
    events_by_id: Mapping[str, EventSnapshot]
    keys: Mapping[str, KnownKey]
    publishable_keys: Mapping[str, KnownPublishableKey]


_current: _Snapshot | None = None
# When the newest round that succeeded began, by the monotonic clock: what `_current` is as of.
_as_of = float("-inf")


def find(public_id: str) -> SourceSnapshot | None:
    """Return the source with this public id, active or not, or None.

    All look-ups raise `DirectoryUnavailable` when it cannot be known whether there is one.
    """
    return _found(lambda snapshot: snapshot.sources.get(public_id))


def find_event_by_alias(site_public_id: str, alias: str) -> EventSnapshot | None:
    """Return the site's event, active or not, of whatever context; the UUID in lower case."""
    return _found(lambda snapshot: snapshot.events_by_alias.get((site_public_id, alias)))


def find_event_by_id(event_id: str) -> EventSnapshot | None:
    return _found(lambda snapshot: snapshot.events_by_id.get(event_id))


def find_key(key_id: str) -> KnownKey | None:
    """Return the API key, whatever state it is in."""
    return _found(lambda snapshot: snapshot.keys.get(key_id))


def find_publishable_key(key: str) -> KnownPublishableKey | None:
    """Return the key of pages and apps, whatever state it is in."""
    return _found(lambda snapshot: snapshot.publishable_keys.get(key))


def _found(look: Callable[[_Snapshot], Found | None]) -> Found | None:
    found = look(_loaded_snapshot())
    if found is None and _looking_again.acquire(blocking=False):
        try:
            _look_again()
        finally:
            _looking_again.release()
        found = look(_loaded_snapshot())
    return found


def _look_again() -> None:
    """Return when the snapshot is as of this moment or later.

    A round that is under way may have read before the row was there: only a later one counts.
    """
    now = time.monotonic()
    time.sleep(max(0.0, _as_of + LOOK_AGAIN_SECONDS - now))
    if _as_of < now:
        journal_writer.run_chores(FIRST_LOAD_SECONDS)
    if _as_of < now:
        raise DirectoryUnavailable("The sources could not be loaded again.")


def _loaded_snapshot() -> _Snapshot:
    snapshot = _current
    if snapshot is None:
        journal_writer.run_chores(FIRST_LOAD_SECONDS)
        snapshot = _current
        if snapshot is None:
            raise DirectoryUnavailable("The sources could not be loaded.")
    return snapshot


def invalidate() -> None:
    """Forget everything; the next look-up loads anew and waits for it."""
    global _current  # noqa: PLW0603 - one snapshot per process, replaced as a whole
    _current = None


def refresh() -> None:
    """Load the sources when their version has risen. Runs in the journal's thread."""
    global _current, _as_of  # noqa: PLW0603
    began = time.monotonic()
    # Read before the rows: a change in between is newer than what we note, and is seen next time.
    version = ConfigurationVersion.objects.values_list("value", flat=True).first() or 0
    if _current is None or _current.version != version:
        _current = _loaded(version)
    _as_of = began


def _loaded(version: int) -> _Snapshot:
    sources = _sources()
    events = _events({source.id: source for source in sources.values()})
    return _Snapshot(
        version=version,
        sources=MappingProxyType(
            {key: source for key, source in sources.items() if source.preset.is_offered}
        ),
        events_by_alias=MappingProxyType(
            {(str(each.site_public_id), each.definition.alias): each for each in events}
        ),
        events_by_id=MappingProxyType({each.definition.event_id: each for each in events}),
        keys=MappingProxyType(known_keys()),
        publishable_keys=MappingProxyType(known_publishable_keys()),
    )


def _events(sources: Mapping[int, SourceSnapshot]) -> list[EventSnapshot]:
    found = []
    rows = ReceptionEvent.objects.filter(deleted_at=None).order_by()
    for event_id, source_id, site_public_id in rows.values_list(
        "event_id", "source_id", "site__public_id"
    ):
        source = sources.get(source_id)
        try:
            if source is not None:
                definition = event_definition(source.config.settings)
                found.append(
                    EventSnapshot(
                        source=source, definition=definition, site_public_id=site_public_id
                    )
                )
        except UnreadablePayload as error:
            logger.error("reception event %s: %s", event_id, error.reason)
    return found


def _sources() -> dict[str, SourceSnapshot]:
    # As text: decrypting inside the query, one damaged secret would shut every source.
    rows = Source.objects.annotate(
        sealed=Cast("secrets", TextField()), site_is_active=F("site__is_active")
    ).values(
        "id",
        "site_id",
        "public_id",
        "preset_key",
        "is_active",
        "site_is_active",
        "throttle_per_second",
        "settings",
        "sealed",
    )
    return {row["public_id"]: _source(row) for row in rows}


def _source(row: Mapping[str, Any]) -> SourceSnapshot:
    preset = preset_for(row["preset_key"])
    config = PresetConfig(settings=row["settings"])
    verifier: Verifier
    try:
        secrets = Source._meta.get_field("secrets").from_db_value(row["sealed"])
        config = PresetConfig(settings=row["settings"], secrets=secrets)
        verifier = preset.verifier(config)
    except DecryptionFailed:
        logger.error("source %s: its secrets do not decrypt, it takes nothing", row["public_id"])
        verifier = Closed("The stored secrets do not decrypt; check ENCRYPTION_KEYS.")
    except Exception as error:
        logger.error("source %s: no verifier: %s", row["public_id"], type(error).__name__)
        verifier = Closed("The stored settings make no verifier; save the source again.")
    return SourceSnapshot(
        id=row["id"],
        site_id=row["site_id"],
        public_id=row["public_id"],
        is_active=row["is_active"] and row["site_is_active"],
        throttle_per_second=row["throttle_per_second"],
        preset=preset,
        config=config,
        verifier=verifier,
    )


journal_writer.add_chore(refresh)
