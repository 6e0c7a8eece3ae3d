"""Commits that need not wait for the disk, because what they hold can be made again.

PostgreSQL's log is one sequence: the next commit that does wait makes everything before it durable
too. So a loop that works off stored rows, and whose effects leave the machine only after another
commit, loses nothing in a power cut: the rows are still there, and it works again.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def transaction_flush_later(connection: BaseDatabaseWrapper) -> None:
    """Let the commit of the current transaction not wait for the disk; on PostgreSQL alone.

    For this transaction only: behind a pooler the session is somebody else's next. SQLite knows
    it per connection, and the thread that works off events does other work by the same one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
