"""Values on their way in and out of statements of our own, for both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

_MOST_PARAMETERS: Final = 500


def row_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def id_value(value: UUID) -> Any:
    """Return a row's id as the driver gives and takes it."""
    return value if connection.vendor == "postgresql" else value.hex


def aware(value: datetime) -> datetime:
    # SQLite's adapter reads times, and knows nothing of their zone.
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def database_time(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def event_bytes(alias: str) -> str:
    """Return the expression for what an event weighs: its payload, and the request it relays."""
    if connection.vendor == "postgresql":
        return f"(octet_length({alias}.payload) + coalesce(octet_length({alias}.raw_body), 0))"
    # Of text, SQLite would count the letters.
    return f"(length(CAST({alias}.payload AS BLOB)) + coalesce(length({alias}.raw_body), 0))"


def marks(values: Sized) -> str:
    """Return the placeholders of a list; never empty, which no database would take."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def among(ids: Sequence[UUID | str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield conditions on a column of ids, with their parameters, that together choose all.

    It is one on PostgreSQL, so that rows can be locked in order: all ids as one text. Of a list
    the driver quotes each value in Python, and the server plans with every one.
    """
    if connection.vendor == "postgresql":
        if ids:
            yield "= ANY(%s::uuid[])", ["{" + ",".join(map(str, ids)) + "}"]
        return
    for start in range(0, len(ids), _MOST_PARAMETERS):
        some = ids[start : start + _MOST_PARAMETERS]
        yield f"IN ({marks(some)})", list(some)
