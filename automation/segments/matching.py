"""Who matches a rule, put aside in a temporary table by one query.

SQLite does so without its write lock: a temporary table is a file of its own. PostgreSQL does so
inside the caller's transaction, where the table ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction

from automation.segments.conditions import Rule
from automation.segments.queries import contacts_matching
from sites.models import Site

TABLE: Final = "segment_matching"
# SQLite asks so often whether to go on; about every few milliseconds.
_STEPS: Final = 50_000
# Without it PostgreSQL would look through all of a large IN list for each contact.
_WORK_MEMORY: Final = "128MB"
_CANCELLED: Final = "57014"


class TooSlow(Exception):
    """The query took longer than it may; the text is a sentence for the operator."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"Finding the contacts took longer than {seconds:.0f} seconds and was stopped. Take a "
            "condition away, or let conditions on activities look at fewer days."
        )


@contextmanager
def matching_contacts(site: Site, rule: Rule, *, now: datetime, seconds: float) -> Iterator[None]:
    """Fill the table `TABLE` for the time of the block; raises `TooSlow`.

    On PostgreSQL the block is a transaction, none of whose statements may take longer than what the
    query left of the time.
    """
    contacts = contacts_matching(site, rule, now=now).order_by().values("pk")
    try:
        sql, params = contacts.query.sql_with_params()
    except EmptyResultSet:
        sql, params = "SELECT NULL WHERE 1 = 0", ()
    fill = _in_postgresql if connection.vendor == "postgresql" else _in_sqlite
    try:
        with fill(sql, params, seconds):
            yield
    except OperationalError as error:
        if _is_cancelled(error):
            raise TooSlow(seconds) from None
        raise


@contextmanager
def _in_postgresql(sql: str, params: Any, seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_milliseconds(seconds)}")
        cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY}'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")
        cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} (id uuid NOT NULL) ON COMMIT DROP")
        cursor.execute(f"INSERT INTO {TABLE} {sql}", params)
        cursor.execute(f"ANALYZE {TABLE}")
        left = _milliseconds(deadline - time.monotonic())
        cursor.execute(f"SET LOCAL statement_timeout = {left}")
        yield
        # Of the caller's transaction, when it goes on.
        cursor.execute("SET LOCAL statement_timeout = DEFAULT")
        cursor.execute("SET LOCAL work_mem = DEFAULT")


@contextmanager
def _in_sqlite(sql: str, params: Any, seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS temp.{TABLE}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {TABLE} (id char(32) NOT NULL PRIMARY KEY) WITHOUT ROWID"
        )
        try:
            with _interrupted_after(seconds):
                cursor.execute(f"INSERT INTO temp.{TABLE} {sql}", params)
            yield
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS temp.{TABLE}")


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    connection.ensure_connection()
    raw = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def _milliseconds(seconds: float) -> int:
    # 0 would be for ever.
    return max(1, int(seconds * 1000))


def _is_cancelled(error: OperationalError) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", "") == _CANCELLED or "interrupted" in str(cause)
