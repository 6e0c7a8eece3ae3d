from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection

from common.encrypted_fields import EncryptedTextField
from common.encryption import PREFIX, key_ring


def tables_with(*texts: str) -> dict[str, list[str]]:
    """Return, by text, the tables of the whole database in whose rows it stands, in any case.

    What is encrypted is read as well.
    """
    found: dict[str, list[str]] = {text: [] for text in texts}
    contexts = _contexts()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            stored = "\n".join(
                _text(value, contexts.get((table, name), ""))
                for row in cursor.fetchall()
                for name, value in zip(names, row, strict=True)
            ).lower()
            for text, tables in found.items():
                if text.lower() in stored:
                    tables.append(table)
    return found


def _contexts() -> dict[tuple[str, str], str]:
    return {
        (model._meta.db_table, str(field.column)): field.context
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    }


def _text(value: Any, context: str) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if context and str(value).startswith(PREFIX):
        return key_ring().decrypt(value, context)
    return str(value)
