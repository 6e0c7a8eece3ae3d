"""Long tables filled by the database itself: each row is worked out from its number.

Ids are UUIDv7 by shape: milliseconds, then the row's number, evenly spread over 90 days.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

Progress = Callable[[str], None]

_SPREAD: Final = timedelta(days=90)
_AT_ONCE: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`columns` are SQL over `n`, the number of the row, `ms`, its time, and `person`.

    `person` is the number of the contact that the row is about, as SQL over `n`; `named` are values
    that several columns use. A column that is left out holds its default: null, the id of the row,
    its time, or what the field says.
    """

    model: type[models.Model]
    rows: int
    columns: Mapping[str, str]
    person: str = "0"
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model._meta.db_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The time over which rows are spread, in milliseconds since 1970."""

    start: int
    length: int

    @classmethod
    def until_now(cls) -> Spread:
        length = int(_SPREAD.total_seconds() * 1000)
        return cls(start=int(time.time() * 1000) - length, length=length)

    def at(self, share: float) -> datetime:
        """Return the instant that this share of the rows came before."""
        return datetime.fromtimestamp((self.start + share * self.length) / 1000, UTC)

    def key(self, number: int, total: int) -> UUID:
        milliseconds = self.start + number * self.length // total
        return UUID(f"{milliseconds:012x}7{number % 4096:03x}8{number:015x}")

    def ms(self, number: str, total: int) -> str:
        return f"({self.start} + ({number}) * {self.length} / {total})"

    def key_sql(self, number: str, total: int) -> str:
        """Return SQL for the key of the row with this number, of so many."""
        return _key(self.ms(number, total), f"({number})")


def table_fill(table: Table, spread: Spread, progress: Progress) -> None:
    """Fill an empty table. Its indexes are made afterwards, which is quicker than keeping them."""
    columns = {**_defaults(table.model), **table.columns}
    head = (
        f"INSERT INTO {table.name} ({', '.join(map(_quoted, columns))}) "
        f"SELECT {', '.join(columns.values())} FROM (SELECT n, ms, person"
        + "".join(f", {sql} AS {name}" for name, sql in table.named.items())
        + f" FROM (SELECT n, {spread.ms('n', max(table.rows, 1))} AS ms, {table.person} AS person"
    )
    with _without_indexes(table.name), connection.cursor() as cursor:
        for first in range(0, table.rows, _AT_ONCE):
            last = min(first + _AT_ONCE, table.rows) - 1
            cursor.execute(f"{head} FROM {_series(first, last)}) AS counted) AS numbered")
            progress(f"{table.name}: {last + 1:,} of {table.rows:,}")


@contextmanager
def filling() -> Iterator[None]:
    """Do without the checks and the waiting that make a fill slow and change nothing of it."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() == (True,):
                cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("PRAGMA synchronous = OFF")
    connection.disable_constraint_checking()
    yield
    connection.enable_constraint_checking()
    with connection.cursor() as cursor:
        if is_postgresql:
            # What autovacuum does by itself some minutes after so many inserts.
            cursor.execute("VACUUM ANALYZE")
            for name in ("synchronous_commit", "maintenance_work_mem", "session_replication_role"):
                cursor.execute(f"RESET {name}")
        else:
            cursor.execute("PRAGMA synchronous = FULL")


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # An index that stands behind a constraint cannot be dropped by itself.
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s "
                "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
                [table],
            )
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s "
                "AND sql IS NOT NULL",
                [table],
            )
        indexes: list[tuple[str, str]] = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)


def at(milliseconds: str = "ms") -> str:
    """Return SQL for an instant from milliseconds since 1970."""
    if connection.vendor == "postgresql":
        return f"to_timestamp(({milliseconds}) / 1000.0)"
    return f"strftime('%Y-%m-%d %H:%M:%f', ({milliseconds}) / 1000.0, 'unixepoch')"


def text(number: str = "n") -> str:
    return f"({number})::text" if connection.vendor == "postgresql" else f"({number})"


def zeros(count: int) -> str:
    """Return SQL for so many bytes."""
    if connection.vendor == "postgresql":
        return f"convert_to(repeat('x', {count}), 'UTF8')"
    return f"zeroblob({count})"


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _defaults(model: type[models.Model]) -> dict[str, str]:
    found = {}
    for each in model._meta.concrete_fields:
        if not (isinstance(each, models.AutoField) or each.null):
            assert each.column
            found[each.column] = _default(each)
    return found


def _default(each: models.Field[Any, Any]) -> str:
    if each.primary_key:
        return _key("ms", "n")
    if isinstance(each, models.DateTimeField):
        return at()
    value = each.get_default()
    if isinstance(each, models.JSONField):
        return quoted(json.dumps(value))
    value = each.get_prep_value(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, bytes):
        return zeros(0)
    return quoted(value) if isinstance(value, str) else str(value)


def _key(milliseconds: str, number: str) -> str:
    head = f"{_hexadecimal(milliseconds, 12)} || '7' || {_hexadecimal(f'{number} % 4096', 3)}"
    cast = "::uuid" if connection.vendor == "postgresql" else ""
    return f"({head} || '8' || {_hexadecimal(number, 15)}){cast}"


def _hexadecimal(value: str, width: int) -> str:
    if connection.vendor == "postgresql":
        return f"lpad(to_hex(({value})::bigint), {width}, '0')"
    return f"printf('%0{width}x', {value})"


def _series(first: int, last: int) -> str:
    if connection.vendor == "postgresql":
        return f"generate_series({first}::bigint, {last}::bigint) AS n"
    return (
        f"(WITH RECURSIVE counter(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counter "
        f"WHERE n < {last}) SELECT n FROM counter)"
    )


def _quoted(column: str) -> str:
    return connection.ops.quote_name(column)
