from __future__ import annotations

import sqlite3
from datetime import timedelta

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from common.database_trouble import is_environment_error
from webhooks.inbound.processing.failures import failure_of, retry_delay


def postgresql(sqlstate: str | None) -> OperationalError:
    error = OperationalError()
    error.__cause__ = psycopg.errors.lookup(sqlstate)() if sqlstate else psycopg.OperationalError()
    return error


def sqlite(code: int) -> OperationalError:
    error = OperationalError()
    error.__cause__ = cause = sqlite3.OperationalError()
    cause.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "is_environment"),
    [
        (InterfaceError("connection already closed"), True),
        (postgresql(None), True),
        (postgresql("08006"), True),
        (postgresql("53100"), True),
        (postgresql("57P01"), True),
        (postgresql("25006"), True),
        (postgresql("40P01"), False),
        (postgresql("40001"), False),
        (postgresql("57014"), False),
        (postgresql("54000"), False),
        (sqlite(sqlite3.SQLITE_BUSY), True),
        (sqlite(sqlite3.SQLITE_FULL), True),
        (sqlite(sqlite3.SQLITE_IOERR | 10 << 8), True),
        (sqlite(sqlite3.SQLITE_ERROR), False),
        (sqlite(sqlite3.SQLITE_TOOBIG), False),
        (IntegrityError(), False),
        (DataError(), False),
        (KeyError("x"), False),
    ],
)
def test_environment_errors_are_those_that_no_event_can_cause(
    error: Exception, is_environment: bool
) -> None:
    assert is_environment_error(error) is is_environment


@pytest.mark.parametrize(
    ("error", "attempts", "delay"),
    [
        (IntegrityError(), 1, timedelta(seconds=1)),
        (postgresql("40P01"), 2, timedelta(seconds=10)),
        (IntegrityError(), 3, None),
        (IntegrityError(), 7, None),
        (DataError(), 1, None),
        (KeyError("x"), 1, None),
    ],
)
def test_only_errors_of_the_database_that_may_pass_are_tried_again(
    error: Exception, attempts: int, delay: timedelta | None
) -> None:
    assert retry_delay(error, attempts) == delay


def test_a_failure_names_the_class_and_never_the_text() -> None:
    failure = failure_of(DataError("value too long: jane@example.com"), 1)
    assert failure.cause == "DATABASE_ERROR"
    assert "DataError" in failure.reason
    assert "jane" not in failure.reason
