"""An installation whose every list is long: configured first, then each app's tables filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks import (
    automation_tables,
    loyalty_tables,
    onsite_tables,
    outbound_tables,
    people_tables,
    received_tables,
    upkeep_tables,
)
from benchmarks.configured import configure
from benchmarks.filling import Progress, Table, filling, table_fill
from benchmarks.long_tables import LongTables

_OF_APPS: Final[tuple[Callable[[LongTables], list[Table]], ...]] = (
    people_tables.tables,
    received_tables.tables,
    outbound_tables.tables,
    onsite_tables.tables,
    loyalty_tables.tables,
    automation_tables.tables,
    upkeep_tables.tables,
)


def tables_fill(rows: int, *, body_bytes: int, progress: Progress) -> LongTables:
    """Fill all tables that the console lists and return what is in them."""
    tables = configure(rows, body_bytes)
    with filling():
        for of_app in _OF_APPS:
            for table in of_app(tables):
                table_fill(table, tables.spread, progress)
    return tables
