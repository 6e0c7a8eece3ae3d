"""The rows of custom options on the form: five equal names, one value each per row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict

from integrations.generic_api.options import OptionType, StoredAs

OPTION_TYPES: Final = (
    (OptionType.TEXT, "Text"),
    (OptionType.NUMBER, "Number"),
    (OptionType.BOOLEAN, "Yes or no"),
    (OptionType.CHOICE, "One of a list"),
    (OptionType.CHOICES, "Several of a list"),
)
STORED_AS: Final = (
    (StoredAs.ATTRIBUTE, "An attribute"),
    (StoredAs.EMAIL_PREFERENCE, "E-mail preference"),
    (StoredAs.SMS_PREFERENCE, "SMS preference"),
    (StoredAs.POSTAL_PREFERENCE, "Postal preference"),
    (StoredAs.CONSENT, "A consent"),
)
_COLUMNS: Final = ("key", "label", "type", "values", "stored_as")
_TYPED_COLUMNS: Final = ("key", "label", "values")
_WITH_VALUES: Final = frozenset((OptionType.CHOICE, OptionType.CHOICES))


def option_name(column: str) -> str:
    return f"option-{column}"


def rows_of_post(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that were filled in, as `parse_options` takes them.

    What a row's type hides does not count: allowed values of a text, a preference kept as a text.
    """
    assert isinstance(data, QueryDict)
    columns = [data.getlist(option_name(column)) for column in _COLUMNS]
    # A request by hand may send columns of different lengths; the surplus belongs to no row.
    typed = [dict(zip(_COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    return [_row(cells) for cells in typed if any(cells[name].strip() for name in _TYPED_COLUMNS)]


def shown_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows for the template; `values` as text, one on each line."""
    return [
        {
            "key": row.get("key", ""),
            "label": row.get("label", ""),
            "type": row.get("type", OptionType.TEXT),
            "values": "\n".join(map(str, row.get("values", ()))),
            "stored_as": row.get("stored_as", StoredAs.ATTRIBUTE),
        }
        for row in rows
    ]


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[name].strip() for name in ("key", "label", "type")}
    lines = [line.strip() for line in cells["values"].splitlines()]
    row["values"] = [line for line in lines if line] if row["type"] in _WITH_VALUES else []
    row["stored_as"] = (
        cells["stored_as"] if row["type"] == OptionType.BOOLEAN else StoredAs.ATTRIBUTE.value
    )
    return row
