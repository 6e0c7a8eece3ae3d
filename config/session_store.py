"""Django's sessions in the database; `SESSION_ENGINE` names this module."""

from __future__ import annotations

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    """Asks the database for keys that can be one, and takes any other for no session.

    Cookies may hold NUL, quoted as `\\000`, which PostgreSQL refuses in a text.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        is_long_enough = super()._validate_session_key(key)  # type: ignore[misc]
        return bool(is_long_enough) and set(key or "") <= set(VALID_KEY_CHARS)
