"""Values from senders that nobody here controls: what can only mean one thing is converted.

Whatever the strict reading takes gives the same value here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.field_types.definition import FieldDefinition, FieldType
from integrations.field_types.errors import FieldError
from integrations.field_types.strict_reading import (
    NO_INTEGER,
    NO_PHONE,
    number_in,
    strict,
)
from integrations.json_values import decimal_text

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,100}(?:\.[0-9]{1,100})?")
# Blanks, dots, brackets, and hyphens also as word processors write them.
_PHONE_SEPARATORS: Final = re.compile(r"[\s.()\[\]\u2010-\u2013-]+")
_LONGEST_PHONE: Final = 100
# Beyond them no integer is made: the text of an exponent is short, its number is not.
_MOST_DIGITS: Final = 300
_BOOLEANS: Final = {"true": True, "false": False}


def lenient(definition: FieldDefinition, value: Any) -> Any:
    """Return the value in its stored form, converted where need be; raises `FieldError`."""
    convert = _CONVERTERS.get(definition.type)
    return strict(definition, convert(value) if convert else value)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    number = number_in(value)
    return value if number is None else decimal_text(number)


def _email(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _phone(value: Any) -> Any:
    number = _whole(number_in(value))
    text = value if number is None else str(number)
    if not isinstance(text, str) or len(text) > _LONGEST_PHONE:
        raise FieldError(NO_PHONE)
    return _PHONE_SEPARATORS.sub("", text)


def _integer(value: Any) -> Any:
    number = _number_or_text(value)
    if number is None:
        raise FieldError(NO_INTEGER)
    whole = _whole(number)
    # Too large or with a fraction: the strict reading says which.
    return value if whole is None else whole


def _number_or_text(value: Any) -> Decimal | None:
    """Return a number, also one that is written as text with a point, or None."""
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    return number_in(value)


def _decimal(value: Any) -> Any:
    number = _number_or_text(value)
    return value if number is None else number


def _whole(number: Decimal | None) -> int | None:
    if number is None or number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        return None
    return int(number)


def _boolean(value: Any) -> Any:
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def _checkbox(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# Types that are not here are read as strictly as in the other context.
_CONVERTERS: Final[Mapping[FieldType, Callable[[Any], Any]]] = {
    FieldType.TEXT: _text,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.INTEGER: _integer,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.CHECKBOX: _checkbox,
}
