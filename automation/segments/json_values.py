"""Values inside JSON columns as SQL of both databases, by what they are and not how they look.

A value of another type than the one asked for is NULL. Decimals are stored as text and are numbers
all the same; text that is no number is none, where a plain cast would fail (PostgreSQL) or be 0
(SQLite). SQLite compares numbers as doubles, with 15 digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    DecimalField,
    F,
    Field,
    FloatField,
    Func,
    IntegerField,
)

# A statement and its parameters.
Compiled = tuple[str, Any]

# Of both: a number of JSON, with an exponent that both can hold.
_NUMBER: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAY_GLOB: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"

# Stands for a part of the statement; the braces of a regular expression hold no letters.
_PLACE: Final = re.compile(r"\{([a-z]+)\}")

# `{json}` and `{text}` are the value as jsonb and as text. The collation compares bytes: that
# orders instants of ISO 8601, which the language of a database may not.
_POSTGRESQL: Final = {
    "type": "jsonb_typeof({json})",
    "text": "(CASE WHEN jsonb_typeof({json}) = 'string' THEN NULLIF({text}, '') END COLLATE \"C\")",
    "number": (
        "CASE WHEN jsonb_typeof({json}) IN ('number', 'string') "
        f"AND {{text}} ~ '{_NUMBER}' "
        "THEN {text}::numeric END"
    ),
    "boolean": "CASE WHEN jsonb_typeof({json}) = 'boolean' THEN ({json})::boolean END",
    "date": (
        "(CASE WHEN jsonb_typeof({json}) = 'string' "
        f"AND {{text}} ~ '{_DAY}' "
        'THEN {text} END COLLATE "C")'
    ),
    "size": "CASE WHEN jsonb_typeof({json}) = 'array' THEN jsonb_array_length({json}) END",
}
# `{type}` and `{value}` are what SQLite says of the value.
_SQLITE: Final = {
    "type": "{type}",
    "text": "CASE WHEN {type} = 'text' THEN NULLIF({value}, '') END",
    "number": (
        "CASE {type} WHEN 'integer' THEN {value} WHEN 'real' THEN {value} WHEN 'text' THEN "
        "CASE WHEN {value} GLOB '*[0-9]' AND {value} NOT GLOB '*[^0-9eE.+-]*' "
        "AND {value} NOT GLOB '*[eE]*[0-9][0-9][0-9]' AND json_valid({value}) "
        "THEN CAST({value} AS REAL) END END"
    ),
    "boolean": "CASE {type} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
    "date": f"CASE WHEN {{type}} = 'text' AND {{value}} GLOB '{_DAY_GLOB}' THEN {{value}} END",
    "size": "CASE WHEN {type} = 'array' THEN json_array_length({column}, {path}) END",
}


class JsonValue(Func):
    """What a JSON column holds at a path of names, as one of the types above."""

    def __init__(self, column: str, path: Sequence[str], kind: str) -> None:
        super().__init__(F(column), output_field=_output(kind))
        self.path = tuple(path)
        self.kind = kind

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        column, params = compiler.compile(self.source_expressions[0])
        return _filled(
            _POSTGRESQL[self.kind],
            {
                "json": (f"({column} #> %s::text[])", [*params, list(self.path)]),
                "text": (f"({column} #>> %s::text[])", [*params, list(self.path)]),
            },
        )

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        column, params = compiler.compile(self.source_expressions[0])
        path = sqlite_path(self.path)
        return _filled(
            _SQLITE[self.kind],
            {
                "type": (f"json_type({column}, %s)", [*params, path]),
                "value": (f"json_extract({column}, %s)", [*params, path]),
                "column": (column, list(params)),
                "path": ("%s", [path]),
            },
        )


class JsonListHolds(Func):
    """Whether a JSON column holds at a path a list with one of some texts; never NULL."""

    output_field = BooleanField()

    def __init__(self, column: str, path: Sequence[str], texts: Sequence[str]) -> None:
        super().__init__(F(column))
        self.path = tuple(path)
        self.texts = tuple(texts)

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        column, params = compiler.compile(self.source_expressions[0])
        return _filled(
            "(COALESCE(jsonb_typeof({json}) = 'array', false) "
            "AND COALESCE({json} ?| {texts}, false))",
            {
                "json": (f"({column} #> %s::text[])", [*params, list(self.path)]),
                "texts": ("%s::text[]", [list(self.texts)]),
            },
        )

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        column, params = compiler.compile(self.source_expressions[0])
        path = sqlite_path(self.path)
        places = ", ".join(["%s"] * len(self.texts))
        return _filled(
            "(COALESCE({type} = 'array', 0) AND EXISTS (SELECT 1 FROM json_each({column}, {path}) "
            "AS element WHERE element.type = 'text' AND element.value IN ({texts})))",
            {
                "type": (f"json_type({column}, %s)", [*params, path]),
                "column": (column, list(params)),
                "path": ("%s", [path]),
                "texts": (places, list(self.texts)),
            },
        )


def sqlite_path(names: Sequence[str]) -> str:
    """Return the path as SQLite reads it: it compares names with how they are written in JSON."""
    return "$" + "".join(f".{json.dumps(name)}" for name in names)


def number_field() -> Field[Any, Any]:
    """Return how numbers are compared: SQLite would take a decimal's text for larger than any."""
    if connection.vendor == "sqlite":
        return FloatField()
    return DecimalField(max_digits=60, decimal_places=30)


def _output(kind: str) -> Field[Any, Any]:
    if kind == "number":
        return number_field()
    if kind == "boolean":
        return BooleanField()
    return IntegerField() if kind == "size" else CharField()


def _filled(template: str, parts: Mapping[str, tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
    """Put the parts into a template, and their parameters into the order in which they stand."""
    sql, params = "", []
    # Odd pieces are names.
    for number, piece in enumerate(_PLACE.split(template)):
        text, values = parts[piece] if number % 2 else (piece, [])
        sql += text
        params += values
    return sql, params
