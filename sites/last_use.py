"""When and from where keys were used, noted in memory and written by a thread that is there anyway.

No door writes for each request: every process writes a row at most once a minute.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q

from sites.models import ApiKey, PublishableKey

LAST_USED_EVERY: Final = timedelta(minutes=1)


class _Use(NamedTuple):
    at: datetime
    used_from: str


class LastUses:
    """The last use of every key of one kind."""

    def __init__(self, model: type[ApiKey | PublishableKey]) -> None:
        self._keys = model._default_manager
        self._lock = threading.Lock()
        self._noted: dict[int, _Use] = {}
        self._written_at: dict[int, datetime] = {}

    def note(self, key_id: int, used_from: str, at: datetime) -> None:
        """Note that the key of this primary key was used."""
        with self._lock:
            written = self._written_at.get(key_id)
            if written is None or at - written >= LAST_USED_EVERY:
                self._noted[key_id] = _Use(at, used_from)

    def flush(self) -> None:
        """Write what was noted since the last time; what another process wrote later stays.

        What a failure left unwritten is kept for the next time.
        """
        with self._lock:
            waiting = sorted(self._noted.items())
        for key_id, use in waiting:
            is_older = Q(last_used_at=None) | Q(last_used_at__lt=use.at)
            self._keys.filter(is_older, pk=key_id).update(
                last_used_at=use.at, last_used_from=use.used_from
            )
            with self._lock:
                self._written_at[key_id] = use.at
                # A use in the meantime is within the minute.
                self._noted.pop(key_id, None)

    def forget(self) -> None:
        """Drop what is remembered, unwritten."""
        with self._lock:
            self._noted.clear()
            self._written_at.clear()
