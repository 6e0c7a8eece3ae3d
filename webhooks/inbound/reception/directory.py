"""All sources in memory: what reception needs to know of one without asking the database.

The journal's thread loads a snapshot on first use and again when the configuration version has
risen, in this or any other process. Requests only read: while it loads, and while the database is
away, the previous snapshot serves.
"""

# ruff: noqa: TRY400 - the text of a database error, or of a preset's, may quote a row.

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.db.models import F, TextField
from django.db.models.functions import Cast

from common.encryption import DecryptionFailed
from integrations.preset import Preset
from integrations.registry import preset_for
from integrations.request import PresetConfig
from integrations.verification import Closed, Verifier
from sites.models import ConfigurationVersion
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.models import Source

logger = logging.getLogger(__name__)

FIRST_LOAD_SECONDS: Final = 10.0


class DirectoryUnavailable(Exception):
    """Nothing was loaded yet, and the database did not answer."""


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


class _Snapshot(NamedTuple):
    version: int
    sources: Mapping[str, SourceSnapshot]


_current: _Snapshot | None = None


def find(public_id: str) -> SourceSnapshot | None:
    """Return the source with this public id, active or not, or None.

    Raises `DirectoryUnavailable` when nothing can be known yet.
    """
    snapshot = _current
    if snapshot is None:
        journal_writer.run_chores(FIRST_LOAD_SECONDS)
        snapshot = _current
        if snapshot is None:
            raise DirectoryUnavailable("The sources could not be loaded.")
    return snapshot.sources.get(public_id)


def invalidate() -> None:
    """Forget everything; the next look-up loads anew and waits for it."""
    global _current  # noqa: PLW0603 - one snapshot per process, replaced as a whole
    _current = None


def refresh() -> None:
    """Load the sources when their version has risen. Runs in the journal's thread."""
    global _current  # noqa: PLW0603
    # Read before the rows: a change in between is newer than what we note, and is seen next time.
    version = ConfigurationVersion.objects.values_list("value", flat=True).first() or 0
    if _current is None or _current.version != version:
        _current = _Snapshot(version, MappingProxyType(_loaded()))


def _loaded() -> dict[str, SourceSnapshot]:
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
