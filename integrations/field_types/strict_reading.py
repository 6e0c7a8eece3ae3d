"""Values in the one JSON type that their field prescribes: the context Public API, contact fields.

What comes back is a JSON value in its stored form: addresses lower-cased, phones in E.164, instants
in UTC, decimals as text. Readers leave their rules only through `FieldError`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any, Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from integrations.field_types.definition import FieldDefinition, FieldType
from integrations.field_types.errors import FieldError
from integrations.json_values import decimal_text
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised

# Readers of JSON hold whole numbers of 64 bits.
MOST_DIGITS: Final = 18
MOST_DECIMALS: Final = 30
LONGEST_TEXT: Final = 10_000
MOST_OPTIONS_TOLD: Final = 20

NO_TEXT: Final = "Expected a string."
NO_PHONE: Final = "Not a valid phone number."
NO_INTEGER: Final = "Expected a whole number."
NO_NUMBER: Final = "Expected a number."
NO_LIST: Final = "Expected an array of strings."
_NO_DATE: Final = "Not a date in ISO 8601, for example 2024-03-15 or 2024-03-15T10:30:00Z."
_NO_OFFSET: Final = "The time has no offset. Write for example 2024-03-15T10:30:00Z."
_OUT_OF_RANGE: Final = "The date is out of range."

_PHONE: Final = re.compile(r"\+?[0-9]{1,20}")
# fromisoformat takes any character between date and time; ISO 8601 takes one.
_ISO: Final = re.compile(r"[0-9W-]+(?:[Tt ][0-9:.,+-]+Z?)?")
# PostgreSQL stores neither.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_LONGEST_EMAIL: Final = 320
_LONGEST_COUNTRY_CODE: Final = 3
# What the reader of JSON takes for a number has at most so many characters.
_EXACT: Final = Context(prec=300)
_TOO_LONG: Final = (
    f"A number may have at most {MOST_DIGITS} digits before the point and {MOST_DECIMALS} after it."
)


def strict(definition: FieldDefinition, value: Any) -> Any:
    """Return the value in its stored form; raises `FieldError`.

    `None` is no value of any type: the caller decides what a field without one means.
    """
    return _READERS[definition.type](definition, value)


def _text(definition: FieldDefinition, value: Any) -> str:
    text = string_in(value)
    if len(text) > LONGEST_TEXT:
        raise FieldError(f"A text may have at most {LONGEST_TEXT} characters.")
    if _UNSTORABLE.search(text):
        raise FieldError("The text holds the character NUL or half of a surrogate pair.")
    return text


def _email(definition: FieldDefinition, value: Any) -> str:
    text = string_in(value)
    is_plausible = len(text) <= _LONGEST_EMAIL and text == text.strip()
    address = email_normalised(text) if is_plausible else None
    if address is None:
        raise FieldError("Not a valid e-mail address.")
    return address


def _phone(definition: FieldDefinition, value: Any) -> str:
    text = string_in(value)
    if not _PHONE.fullmatch(text):
        raise FieldError(NO_PHONE)
    number = phone_normalised(text, region_of(definition.default_country_code))
    if number is None:
        raise FieldError(NO_PHONE)
    return number


def _integer(definition: FieldDefinition, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError(NO_INTEGER)
    if abs(value) >= 10**MOST_DIGITS:
        raise FieldError(f"A whole number may have at most {MOST_DIGITS} digits.")
    return value


def _decimal(definition: FieldDefinition, value: Any) -> str:
    number = number_in(value)
    if number is None:
        raise FieldError(NO_NUMBER)
    return decimal_stored(number)


def _boolean(definition: FieldDefinition, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldError("Expected true or false.")
    return value


def _date(definition: FieldDefinition, value: Any) -> str:
    text = string_in(value)
    if not _ISO.fullmatch(text):
        raise FieldError(_NO_DATE)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError(_NO_DATE) from None
    if definition.is_day:
        return instant.date().isoformat()
    if instant.tzinfo is None:
        raise FieldError(_NO_OFFSET)
    try:
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise FieldError(_OUT_OF_RANGE) from None


def _radio(definition: FieldDefinition, value: Any) -> str:
    return _option(definition, string_in(value))


def _checkbox(definition: FieldDefinition, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FieldError(NO_LIST)
    return list(dict.fromkeys(_option(definition, each) for each in value))


def _option(definition: FieldDefinition, chosen: str) -> str:
    ids = definition.option_ids
    if chosen not in ids:
        told = ", ".join(ids[:MOST_OPTIONS_TOLD])
        more = ", …" if len(ids) > MOST_OPTIONS_TOLD else ""
        raise FieldError(f"Not an option of this field. The ids of its options are: {told}{more}.")
    return chosen


def string_in(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError(NO_TEXT)
    return value


def number_in(value: Any) -> Decimal | None:
    """Return a finite number, whichever way it was parsed, or None. A boolean is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return number if number.is_finite() else None
    # By its shortest notation, which is what was written.
    return Decimal(repr(value)) if isinstance(value, float) and math.isfinite(value) else None


def decimal_stored(number: Decimal) -> str:
    """Return the number as people write it, without zeros that say nothing."""
    if not number:
        return "0"
    if number.adjusted() >= MOST_DIGITS or len(number.as_tuple().digits) > _EXACT.prec:
        raise FieldError(_TOO_LONG)
    shortest = number.normalize(_EXACT)
    exponent = shortest.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MOST_DECIMALS:
        raise FieldError(_TOO_LONG)
    return decimal_text(shortest)


def region_of(country_code: str) -> str:
    """Return the main country of a calling code: `34` gives ES. Empty for a code of none."""
    if not country_code.isdecimal() or len(country_code) > _LONGEST_COUNTRY_CODE:
        return ""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code), ())
    # Freephone and satellite numbers belong to the world, "001".
    return next((region for region in regions if region.isalpha()), "")


_READERS: Final[Mapping[FieldType, Callable[[FieldDefinition, Any], Any]]] = {
    FieldType.TEXT: _text,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.INTEGER: _integer,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.RADIO: _radio,
    FieldType.CHECKBOX: _checkbox,
}
