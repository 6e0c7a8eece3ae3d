"""How many submissions of one process may wait for another system at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings

from onsite.flow.refusals import TooManyAtOnce

# Each holds a thread of the web process; the other half is left to webhooks and the console.
_slots: Final = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


@contextmanager
def waiting_slot() -> Iterator[None]:
    """Hold a place while the block waits for others; raises TooManyAtOnce when none is free."""
    if not _slots.acquire(blocking=False):
        raise TooManyAtOnce
    try:
        yield
    finally:
        _slots.release()
