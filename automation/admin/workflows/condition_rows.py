"""Conditions on the event as rows: a variable, a comparison, and a value in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from automation.admin.workflows.value_inputs import Offered
from common.admin.row_numbers import row_number
from webhooks.outbound.event_types.condition_text import typed_condition, value_text
from webhooks.outbound.event_types.conditions import LABELS, MOST_CONDITIONS, WITHOUT_VALUE

# A blank row to type into; it counts for nothing until a variable is chosen.
OPERATORS: Final = tuple(LABELS.items())
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRow:
    """One row; `prefix` and `number` make the names of its inputs."""

    prefix: str
    number: int
    pointer: str
    operator: str
    text: str
    offered: Offered

    @property
    def pointer_name(self) -> str:
        return f"{self.prefix}.{self.number}.pointer"

    @property
    def unknown(self) -> str:
        return "" if self.pointer in self.offered.pointers else self.pointer


def posted_conditions(data: QueryDict, prefix: str) -> list[dict[str, Any]]:
    """Return the rows of the page in their order."""
    rows = []
    for number in list(dict.fromkeys(data.getlist(f"{prefix}.row")))[:MOST_CONDITIONS]:
        name = f"{prefix}.{number}"
        operator = data.get(f"{name}.operator", "eq")
        rows.append(
            typed_condition(
                data.get(f"{name}.pointer", ""),
                operator if operator in LABELS else "eq",
                data.get(f"{name}.value", "")[:_LONGEST],
            )
        )
    return rows


def condition_rows(
    rows: Sequence[Mapping[str, Any]], prefix: str, offered: Offered
) -> list[ConditionRow]:
    return [
        ConditionRow(
            prefix=prefix,
            number=number,
            pointer=str(row.get("pointer") or ""),
            operator=_operator(row),
            text=_text(row),
            offered=offered,
        )
        for number, row in enumerate(rows)
    ]


def conditions_acted(rows: list[dict[str, Any]], verb: str, number: str) -> list[dict[str, Any]]:
    """Return the rows after `add`, or `remove` of one by its number."""
    if verb == "add" and len(rows) < MOST_CONDITIONS:
        return [*rows, {"pointer": "", "operator": "eq", "value": ""}]
    if verb == "remove":
        return [row for place, row in enumerate(rows) if place != row_number(number)]
    return rows


def _operator(row: Mapping[str, Any]) -> str:
    operator = row.get("operator")
    return operator if isinstance(operator, str) and operator in LABELS else "eq"


def _text(row: Mapping[str, Any]) -> str:
    operator = _operator(row)
    return "" if operator in WITHOUT_VALUE else value_text({**row, "operator": operator})
