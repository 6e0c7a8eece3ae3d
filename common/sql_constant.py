"""Words of ours written into SQL as they are: a bound value would hide them from a planner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import CharField, Q, Value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

_PLAIN_WORD = re.compile(r"[a-z_]*")


class SqlConstant(Value):
    """A constant such as a status, or the empty text.

    SQLite uses a partial index only when the query repeats the index's own condition, and it does
    not recognise one whose list of values is bound.
    """

    def __init__(self, word: str) -> None:
        if not _PLAIN_WORD.fullmatch(word):
            raise ValueError(f"“{word}” is not a plain lower-case word; bind it instead.")
        super().__init__(word, output_field=CharField())

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        return f"'{self.value}'", ()


def index_condition(condition: Q) -> Q:
    """Return what a query for a part of a partial index's rows adds to be answered from it.

    SQLite wants the index's own condition repeated. PostgreSQL sees that the part lies within it;
    told both, it multiplies how rare they are, expects hardly any rows, and then reads and sorts
    all that there are where it could walk the index and stop.
    """
    return Q() if connection.vendor == "postgresql" else condition
