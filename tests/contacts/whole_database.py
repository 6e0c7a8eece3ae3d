from __future__ import annotations

from typing import Any

from django.db import connection


def tables_with(*texts: str) -> dict[str, list[str]]:
    """Return, by text, the tables of the whole database in whose rows it stands, in any case."""
    found: dict[str, list[str]] = {text: [] for text in texts}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            stored = "\n".join(_text(value) for row in cursor.fetchall() for value in row).lower()
            for text, tables in found.items():
                if text.lower() in stored:
                    tables.append(table)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
