"""The columns of a received event: which a request fills, and what the others start with."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.db import connection

from webhooks.inbound.models import ReceivedEvent

TABLE: Final = ReceivedEvent._meta.db_table
GIVEN: Final = (
    "id",
    "site_id",
    "source_id",
    "dedupe_key",
    "event_id",
    "event_type",
    "received_at",
    "due_at",
    "remote_address",
    "headers",
    "query",
    "body",
    "body_bytes",
    "history",
)


@lru_cache(maxsize=1)
def starting_values() -> tuple[tuple[str, Any], ...]:
    """Return column and database-ready value for every column that a request does not fill."""
    return tuple(
        (str(field.column), field.get_db_prep_save(field.get_default(), connection))
        for field in ReceivedEvent._meta.concrete_fields
        if field.column not in GIVEN
    )


def column_list() -> str:
    names = [*GIVEN, *(column for column, _ in starting_values())]
    return ", ".join(f'"{name}"' for name in names)
