from __future__ import annotations


class StartFailed(Exception):
    """Patchbay cannot start; the message is one sentence that says what to do about it."""
