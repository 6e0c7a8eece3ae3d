"""Where and how a promotion is redeemed (Engage API v2, `redemptionChannels` of a promotion)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from contacts.normalisation.values import line_normalised

TYPES: Final = ("POS", "ECOM", "OTHER")
VALUE_TYPES: Final = ("PERCENT", "MONEY", "EXTERNALOFFER", "MANUAL", "SWIPE")
KEYS: Final = ("type", "valueType", "value", "localValues", "instruction")

_PERCENT: Final = re.compile(r"[1-9][0-9]?|100")
_MONEY: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,4})?")
_LONGEST: Final = {"value": 200, "instruction": 500}
_MOST_LOCAL_VALUES: Final = 50
_LOCAL_KEYS: Final = ("currency", "value")


class BadChannel(ValueError):
    """A row is wrong; the message names it by its number."""


def channels_checked(rows: Any) -> list[dict[str, Any]]:
    """Return the rows in one shape, every key in each; raises `BadChannel`.

    PERCENT is a whole number as text (`"20"`), MONEY a decimal (`"20.5"`), all others free text.
    """
    if not isinstance(rows, list | tuple):
        raise BadChannel("The redemption channels must be a list.")
    checked = [_row(number, row) for number, row in enumerate(rows, start=1)]
    kinds = [row["type"] for row in checked]
    doubled = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if doubled:
        raise BadChannel(f"{doubled} is there twice: one row for each place of redemption.")
    return checked


def told_channels(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return those rows of a source that are usable, as they were told."""
    usable = []
    for row in rows:
        try:
            usable += channels_checked([{key: row[key] for key in KEYS if row.get(key)}])
        except BadChannel:
            continue
    by_type = {row["type"]: row for row in reversed(usable)}
    return list(reversed(by_type.values()))


def _row(number: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise BadChannel(f"Row {number} is no object.")
    unknown = next((key for key in row if key not in KEYS), None)
    if unknown is not None:
        raise BadChannel(f"Row {number}: “{str(unknown)[:40]}” is no part of a channel.")
    kind, value_type = row.get("type"), row.get("valueType")
    if kind not in TYPES:
        raise BadChannel(f"Row {number}: the type must be {_either(TYPES)}.")
    if value_type not in VALUE_TYPES:
        raise BadChannel(f"Row {number}: the value type must be {_either(VALUE_TYPES)}.")
    return {
        "type": kind,
        "valueType": value_type,
        "value": _value(f"Row {number}", value_type, _text(number, row, "value")),
        "localValues": _local_values(number, value_type, row.get("localValues") or []),
        "instruction": _text(number, row, "instruction"),
    }


def _text(number: int, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadChannel(f"Row {number}: {key} must be text, numbers too.")
    text = line_normalised(value)
    if len(text) > _LONGEST[key]:
        raise BadChannel(f"Row {number}: {key} is longer than {_LONGEST[key]} characters.")
    return text


def _value(where: str, value_type: str, value: str) -> str:
    if value_type == "PERCENT" and not _PERCENT.fullmatch(value):
        raise BadChannel(f"{where}: a percentage is a whole number from 1 to 100, such as 20.")
    if value_type == "MONEY" and not _MONEY.fullmatch(value):
        raise BadChannel(f"{where}: an amount of money is a number such as 20 or 20.5.")
    if not value and value_type == "EXTERNALOFFER":
        raise BadChannel(f"{where}: an external offer needs a value: its code there.")
    return value


def _local_values(number: int, value_type: str, rows: Any) -> list[dict[str, str]]:
    """Return the values by currency: `{"currency": "SEK", "value": "200"}`."""
    where = f"Row {number}, local values"
    if not isinstance(rows, list) or len(rows) > _MOST_LOCAL_VALUES:
        raise BadChannel(f"{where}: expected a list of {_MOST_LOCAL_VALUES} at most.")
    values = []
    for row in rows:
        if not isinstance(row, Mapping) or set(row) != set(_LOCAL_KEYS):
            raise BadChannel(f"{where}: expected a currency and a value in each.")
        currency, value = row["currency"], row["value"]
        if not (isinstance(currency, str) and re.fullmatch(r"[A-Z]{3}", currency)):
            raise BadChannel(f"{where}: a currency is three capital letters, such as SEK.")
        if not isinstance(value, str) or len(value) > _LONGEST["value"]:
            raise BadChannel(f"{where}: a value must be text.")
        checked = _value(where, value_type, line_normalised(value))
        values.append({"currency": currency, "value": checked})
    return values


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
