"""Argon2 wants 100 MB for every password that it looks at: here, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

# The one that is looked at, and those behind it. Strangers may log in as often as they like: what
# is left of a web process's threads takes webhooks meanwhile.
MOST_LOG_INS: Final = 8
_BUSY: Final = "Too many people log in at this moment. Try again in a few seconds."

_one_at_a_time = threading.Lock()
_log_ins = threading.BoundedSemaphore(MOST_LOG_INS)


class OneAtATimeArgon2(Argon2PasswordHasher):
    """Django's own, for one thread of a process at a time."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with _one_at_a_time:
            return super().encode(*args, **kwargs)

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with _one_at_a_time:
            return super().verify(*args, **kwargs)


@contextmanager
def log_in_place() -> Iterator[None]:
    """Hold one of the few places of a log-in; raises ValidationError when all are taken."""
    if not _log_ins.acquire(blocking=False):
        raise ValidationError(_BUSY, code="busy")
    try:
        yield
    finally:
        _log_ins.release()
