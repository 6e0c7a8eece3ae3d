"""Whether an error of the database is about the rows at hand, or about the database as a whole."""

from __future__ import annotations

import sqlite3
from typing import Final

from django.db import InterfaceError, OperationalError

# Beginnings of SQLSTATE that speak of the server and never of the rows: connection, full disk, too
# many connections, shutdown, input/output, and writing to a standby after a failover. Out of
# memory and a cancelled statement are not among them: one row may cause those every time.
_SERVER_STATES: Final = ("08", "53100", "53300", "57P", "58", "25006")
_SQLITE_ENVIRONMENT: Final = frozenset(
    (
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    )
)  # fmt: skip


def is_environment_error(error: Exception) -> bool:
    """Say whether the database as a whole is in trouble: down, full, locked, read-only.

    Such an error is nobody's attempt: who meets it waits and tries the same rows again.
    """
    if isinstance(error, InterfaceError):
        return True
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # Extended codes carry the primary one in their lowest byte.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_ENVIRONMENT
    # What psycopg calls it; its classes are not asked for, since on SQLite nothing else loads it.
    state = getattr(cause, "sqlstate", None)
    if state:
        return bool(state.startswith(_SERVER_STATES))
    # Without a state the server never answered.
    return isinstance(error, OperationalError)
