from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, seconds: float = 120.0, what: str = "") -> Found:
    """Return the first truthy result of `look`; fail when there is none in time.

    A busy machine may need long for what a quiet one does at once, and it costs nothing to let it.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what or look}")
        time.sleep(0.05)
    return found


def is_alive(process_id: int) -> bool:
    """Say whether a process runs. One that only waits to be reaped by init does not."""
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
