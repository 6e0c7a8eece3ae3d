"""Commits that need not wait for the disk, because what they hold can be made again.

The log of both databases is one sequence: the next commit that does wait makes everything before
it durable too. So a loop that works off stored rows, and whose effects leave the machine only
after another commit, loses nothing in a power cut: the rows are still there, and it works again.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def transaction_flush_later(connection: BaseDatabaseWrapper) -> None:
    """Let the commit of the current transaction not wait for the disk on PostgreSQL.

    For this transaction only: behind a pooler the session is somebody else's next.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


def connection_flush_later(connection: BaseDatabaseWrapper) -> None:
    """Let no commit of this connection wait for the disk on SQLite, as long as it is open.

    SQLite knows this per connection and refuses to change it within a transaction.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = NORMAL")
