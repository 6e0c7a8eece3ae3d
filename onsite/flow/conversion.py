"""What a visitor bought or did that the campaign counts as success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from common.endpoint.problems import FieldProblem
from contacts.normalisation.values import line_normalised
from integrations.json_values import decimal_text

_LONGEST_REFERENCE: Final = 200
_LARGEST: Final = Decimal(10) ** 15
_MOST_DECIMALS: Final = 6
_NUMBER: Final = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,20})?")
_CURRENCY: Final = re.compile("[A-Za-z]{3}")


def read_conversion(given: Any) -> tuple[dict[str, Any] | None, list[FieldProblem]]:
    """Return the conversion and what is wrong with it; null and false mean that there was none.

    True, or an object with any of `reference` (text), `value` (a number, or one as text) and
    `currency` (three letters). The value comes back as text: amounts are decimals, never floats.
    """
    if given is None or given is False:
        return None, []
    if given is True:
        return {}, []
    if not isinstance(given, Mapping):
        return None, [FieldProblem("conversion", "Must be true or a JSON object.")]
    readers = {"reference": _reference, "value": _value, "currency": _currency}
    conversion: dict[str, Any] = {}
    faults: list[FieldProblem] = []
    for name, read in readers.items():
        if given.get(name) is None:
            continue
        try:
            conversion[name] = read(given[name])
        except ValueError as error:
            faults.append(FieldProblem(f"conversion.{name}", str(error)))
    return conversion, faults


def _reference(given: Any) -> str:
    text = line_normalised(given) if isinstance(given, str) else None
    if text is None:
        raise ValueError("Must be text.")
    if len(text) > _LONGEST_REFERENCE:
        raise ValueError(f"Is longer than {_LONGEST_REFERENCE} characters.")
    return text


def _value(given: Any) -> str:
    if isinstance(given, str):
        given = Decimal(given) if _NUMBER.fullmatch(given) else None
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise ValueError("Must be a number, such as 129.50.")  # noqa: TRY004 - told as a fault
    number = Decimal(given)
    if not 0 <= number <= _LARGEST:
        raise ValueError(f"Must be between 0 and {_LARGEST:f}.")
    try:
        exact = number.quantize(Decimal(10) ** -_MOST_DECIMALS)
    except InvalidOperation:
        exact = None
    if exact != number:
        raise ValueError(f"Must have no more than {_MOST_DECIMALS} decimals.")
    return decimal_text(abs(number))


def _currency(given: Any) -> str:
    if not isinstance(given, str) or not _CURRENCY.fullmatch(given):
        raise ValueError("Must be three letters, such as SEK.")
    return given.upper()
