"""When and from where keys were used, noted in memory and written by a thread that is there anyway.

No door writes for each request: every process writes a row at most once a minute.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q

from sites.models import ApiKey

LAST_USED_EVERY: Final = timedelta(minutes=1)


class _Use(NamedTuple):
    at: datetime
    address: str


_lock = threading.Lock()
_noted: dict[int, _Use] = {}
_written_at: dict[int, datetime] = {}


def use_note(key_id: int, address: str, at: datetime) -> None:
    """Note that the key of this primary key was used."""
    with _lock:
        written = _written_at.get(key_id)
        if written is None or at - written >= LAST_USED_EVERY:
            _noted[key_id] = _Use(at, address)


def flush() -> None:
    """Write what was noted since the last time; what another process wrote later stays.

    What a failure left unwritten is kept for the next time.
    """
    with _lock:
        waiting = sorted(_noted.items())
    for key_id, use in waiting:
        is_older = Q(last_used_at=None) | Q(last_used_at__lt=use.at)
        ApiKey.objects.filter(is_older, pk=key_id).update(
            last_used_at=use.at, last_used_from=use.address
        )
        with _lock:
            _written_at[key_id] = use.at
            # A use in the meantime is within the minute.
            _noted.pop(key_id, None)


def forget() -> None:
    """Drop what is remembered, unwritten."""
    with _lock:
        _noted.clear()
        _written_at.clear()
