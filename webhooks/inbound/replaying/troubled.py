from __future__ import annotations

from typing import Any

from django.db.models import Q, Value

from webhooks.inbound.models.received_event import TROUBLED


class _Literal(Value):
    """One of our own constants, written into the statement instead of bound to it."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


def is_troubled() -> Q:
    """Return the condition of the partial index over events in trouble, as that index has it.

    SQLite plans a statement before its parameters are bound, so that it uses the index only when
    the states stand in the text, in the same order.
    """
    return Q(status__in=[_Literal(status) for status in TROUBLED])
