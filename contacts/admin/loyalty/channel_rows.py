"""The rows of a promotion's form that say where and how it is redeemed.

The inputs of a row are named `c<number>-<column>`; `row` lists the numbers in their order. Buttons
add and remove rows on the server, so that it works without scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from common.admin.row_numbers import next_row_number
from contacts.loyalty.redemption_channels import TYPES

_COLUMNS: Final = ("type", "value_type", "value", "local_values", "instruction")
_LOCAL: Final = "="


@dataclass(slots=True, kw_only=True)
class ChannelRow:
    """One row as it stands on the page; `local_values` are lines `SEK = 200`."""

    number: str
    type: str = ""
    value_type: str = "PERCENT"
    value: str = ""
    local_values: str = ""
    instruction: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "valueType": self.value_type,
            "value": self.value,
            "localValues": _local_values(self.local_values),
            "instruction": self.instruction,
        }


def stored_rows(channels: Iterable[Mapping[str, Any]]) -> list[ChannelRow]:
    return [
        ChannelRow(
            number=str(place),
            type=channel.get("type", ""),
            value_type=channel.get("valueType", ""),
            value=channel.get("value", ""),
            local_values="\n".join(
                f"{each['currency']} {_LOCAL} {each['value']}"
                for each in channel.get("localValues", ())
            ),
            instruction=channel.get("instruction", ""),
        )
        for place, channel in enumerate(channels)
    ]


def posted_rows(data: QueryDict) -> list[ChannelRow]:
    """Return the rows in the order in which they were sent, each number once, as many as can be."""
    rows = []
    for number in list(dict.fromkeys(data.getlist("row")))[: len(TYPES)]:
        row = ChannelRow(number=number)
        for column in _COLUMNS:
            setattr(row, column, data.get(f"c{number}-{column}", "").strip())
        rows.append(row)
    return rows


def acted(rows: list[ChannelRow], action: str) -> list[ChannelRow]:
    """Return the rows after `add` or `remove-<number>`."""
    if action == "add":
        free = [kind for kind in TYPES if kind not in {row.type for row in rows}]
        number = next_row_number(row.number for row in rows)
        return [*rows, ChannelRow(number=number, type=free[0])] if free else rows
    verb, _, number = action.partition("-")
    return [row for row in rows if verb != "remove" or row.number != number]


def channels_of(rows: Sequence[ChannelRow]) -> list[dict[str, Any]]:
    return [row.as_json() for row in rows]


def _local_values(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        currency, _, value = (part.strip() for part in line.partition(_LOCAL))
        if currency or value:
            found.append({"currency": currency.upper(), "value": value})
    return found
