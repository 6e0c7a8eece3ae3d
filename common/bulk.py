"""Many rows at once, in the way that each database takes them fastest.

PostgreSQL gets new rows by COPY, which spares it a third of the work. Where rows may exist already
it gets ONE JSON parameter, which `jsonb_to_recordset` takes apart: of lists of parameters the
driver quotes and checks each value in Python, at more than the cost of the statement. SQLite gets
`executemany`: its `json_each` takes six times as long for a wide row.

Rows are mappings from attname (`site_id`, not `site`) to a value that JSON can hold, or a UUID, an
aware datetime in UTC, a date, a Decimal or bytes. Every row has the same keys. A value goes to the
column as it is: field code such as encryption has run before.
"""

# ruff: noqa: S608 - table and column names come from model declarations; values are parameters.

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = Mapping[str, Any]


def insert_rows(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    rows: Sequence[Row],
    *,
    conflict: str = "",
    returning: str = "",
) -> list[tuple[Any, ...]]:
    """Insert rows in order; columns without a key in the rows must have a database default.

    `conflict` is the tail of the statement, such as `ON CONFLICT DO NOTHING`. With `returning`, a
    list of expressions, return their values for each row that was written, in no certain order.
    """
    if not rows:
        return []
    columns = tuple(rows[0])
    names = _names(connection, model, columns)
    if connection.vendor == "postgresql" and not conflict and not returning:
        _copy(connection, f"COPY {_table(connection, model)} ({names}) FROM STDIN", model, rows)
        return []
    insert = f"INSERT INTO {_table(connection, model)} ({names})"
    if connection.vendor == "sqlite" and not returning:
        values = ", ".join(_sqlite_placeholder(_field(model, column)) for column in columns)
        _execute_many(connection, f"{insert} VALUES ({values}) {conflict}", model, columns, rows)
        return []
    # WHERE true: SQLite would otherwise read ON CONFLICT as the ON of a join.
    return _execute(
        connection,
        f"{insert} SELECT {_names(connection, model, columns, 'v.')} "
        f"FROM {rows_as_table(connection, model, columns)} AS v WHERE true {conflict}"
        + (f" RETURNING {returning}" if returning else ""),
        rows,
    )


def update_rows(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    rows: Sequence[Row],
    *,
    key: str = "id",
    columns: Sequence[str],
) -> None:
    """Set `columns` of the rows whose `key` is given; keys that no longer exist are passed over."""
    if not rows:
        return
    quote = connection.ops.quote_name
    key_name = quote(_column(model, key))
    names = [quote(_column(model, column)) for column in columns]
    update = f"UPDATE {_table(connection, model)} AS t SET"
    if connection.vendor == "sqlite":
        settings = ", ".join(
            f"{name} = {_sqlite_placeholder(_field(model, column))}"
            for name, column in zip(names, columns, strict=True)
        )
        condition = f"WHERE t.{key_name} = {_sqlite_placeholder(_field(model, key))}"
        _execute_many(connection, f"{update} {settings} {condition}", model, (*columns, key), rows)
        return
    settings = ", ".join(f"{name} = v.{name}" for name in names)
    table = rows_as_table(connection, model, (key, *columns))
    _execute(
        connection, f"{update} {settings} FROM {table} AS v WHERE t.{key_name} = v.{key_name}", rows
    )


def rows_as_table(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Iterable[str]
) -> str:
    """Return a FROM item without alias whose one parameter is `rows_parameter(rows)`.

    Its columns carry the names and types of the model's columns, so that a query can join a table
    with thousands of keys.
    """
    fields = [_field(model, column) for column in columns]
    quote = connection.ops.quote_name
    if connection.vendor == "postgresql":
        shape = ", ".join(f"{quote(f.attname)} {_transport_type(f, connection)}" for f in fields)
        values = ", ".join(
            f"{_postgresql_value(f, quote)} AS {quote(str(f.column))}" for f in fields
        )
        return f"(SELECT {values} FROM jsonb_to_recordset(%s::jsonb) AS j({shape}))"
    values = ", ".join(f"{_sqlite_value(f)} AS {quote(str(f.column))}" for f in fields)
    return f"(SELECT {values} FROM json_each(%s))"


def rows_parameter(rows: Iterable[Row]) -> str:
    return _json(rows if isinstance(rows, list) else list(rows))


def _execute(
    connection: BaseDatabaseWrapper, sql: str, rows: Sequence[Row]
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [rows_parameter(rows)])
        return cursor.fetchall() if cursor.description else []


def _copy(
    connection: BaseDatabaseWrapper, sql: str, model: type[models.Model], rows: Sequence[Row]
) -> None:
    pairs = [(name, isinstance(_field(model, name), models.JSONField)) for name in rows[0]]
    # Django wraps the errors of `execute` alone.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(
                [_json_text(row[name]) if is_json else row[name] for name, is_json in pairs]
            )


def _execute_many(
    connection: BaseDatabaseWrapper,
    sql: str,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
) -> None:
    converters = [_sqlite_converter(_field(model, column)) for column in columns]
    pairs = list(zip(columns, converters, strict=True))
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [
                [convert(row[column]) if convert else row[column] for column, convert in pairs]
                for row in rows
            ],
        )


def _jsonable(value: Any) -> str:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b16encode(bytes(value)).decode("ascii")
    raise TypeError(f"{type(value).__name__} has no place in a bulk row.")


_EMPTY: Final[dict[type, str]] = {dict: "{}", list: "[]", tuple: "[]"}
# One for all, and without a look for circles: it encodes a small value for every row.
_json = json.JSONEncoder(default=_jsonable, check_circular=False, separators=(",", ":")).encode


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if field.attname == name:
            return field
    raise ValueError(f"{model.__name__} has no column for “{name}”.")


def _column(model: type[models.Model], name: str) -> str:
    return str(_field(model, name).column)


def _table(connection: BaseDatabaseWrapper, model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _names(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Iterable[str],
    prefix: str = "",
) -> str:
    quote = connection.ops.quote_name
    return ", ".join(prefix + quote(_column(model, column)) for column in columns)


def _target(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the field whose kind of value is stored: that of the row a foreign key points at."""
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _transport_type(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    if isinstance(field, models.BinaryField):
        return "text"
    return str(_target(field).rel_db_type(connection))


def _postgresql_value(field: models.Field[Any, Any], quote: Any) -> str:
    name = f"j.{quote(field.attname)}"
    return f"decode({name}, 'hex')" if isinstance(field, models.BinaryField) else name


def _sqlite_value(field: models.Field[Any, Any]) -> str:
    """Return the expression that reads a column from the JSON object of one row."""
    path = f"'$.{field.attname}'"
    if isinstance(_target(field), models.JSONField):
        return f"nullif(value -> {path}, 'null')"
    if isinstance(field, models.BinaryField):
        # unhex() came with SQLite 3.41; Debian 12 has 3.40.
        raise TypeError(f"On SQLite a table of rows cannot hold the blob “{field.attname}”.")
    return _sqlite_stored(field, f"value ->> {path}")


def _sqlite_placeholder(field: models.Field[Any, Any]) -> str:
    return _sqlite_stored(field, "%s")


def _sqlite_stored(field: models.Field[Any, Any], text: str) -> str:
    """Return the expression that brings text into the form in which Django stores it."""
    if isinstance(_target(field), models.UUIDField):
        return f"replace({text}, '-', '')"
    if isinstance(field, models.DateTimeField):
        return f"replace(replace({text}, 'T', ' '), '+00:00', '')"
    return text


def _sqlite_converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what makes a parameter of a value; None where the driver takes it as it is."""
    if isinstance(field, models.JSONField):
        return _json_text
    if isinstance(_target(field), models.UUIDField | models.DateField | models.DecimalField):
        return _text
    return None


def _json_text(value: Any) -> str | None:
    if not value:
        # Many columns are empty in most rows, and the encoder sets itself up for each value.
        return None if value is None else _EMPTY.get(type(value)) or _json(value)
    return _json(value)


def _text(value: Any) -> Any:
    return value if value is None or type(value) is str else _jsonable(value)
