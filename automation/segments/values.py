"""What conditions compare with, read strictly: each reader raises ValueError with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from automation.segments.conditions import FieldValue
from automation.segments.fields import RuleField
from automation.segments.operators import ValueForm
from contacts.normalisation.values import text_storable
from integrations.field_types import FieldType
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised

LONGEST_TEXT: Final = 500
MOST_TEXTS: Final = 200
# A hundred years, so that a day that many back is still a date.
MOST_DAYS: Final = 36_500
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def chosen(value: Any, choices: Collection[str], told: Callable[[str, str], None], key: str) -> str:
    """Return a choice, or tell that it is none and return empty text."""
    if isinstance(value, str) and value in choices:
        return value
    told(key, f"Choose one of: {', '.join(choices)}.")
    return ""


def field_value(field: RuleField, form: ValueForm, value: Any, default_country: str) -> FieldValue:
    """Return the value in the form in which contacts of the site have it."""
    if form is ValueForm.TEXT:
        return _as_stored(field, text_value(value), default_country)
    if form is ValueForm.TEXTS:
        stored = (_as_stored(field, each, default_country) for each in texts_value(value))
        # What was written in two ways may be one address.
        return tuple(dict.fromkeys(stored))
    if form is ValueForm.OPTIONS:
        return _options(field, value)
    return _READERS[form](value)


def text_value(value: Any) -> str:
    if not isinstance(value, str) or not value or text_storable(value) != value:
        raise ValueError("Give a text to compare with.")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"The text is longer than {LONGEST_TEXT} characters.")
    return value


def texts_value(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_TEXTS:
        raise ValueError(f"Give a list of 1 to {MOST_TEXTS} values.")
    return tuple(dict.fromkeys(text_value(each) for each in value))


def number_value(value: Any) -> Decimal:
    """Return a number that was given as one, or as text with a point."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    text = str(value).strip() if is_number or isinstance(value, str) else ""
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            "Give a number of at most 15 digits before the point and 10 after it, for example "
            "12.50."
        )
    return Decimal(text)


def whole_value(value: Any, *, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"Give a whole number from {least} to {most}.")
    return value


def _day(value: Any) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            day = date.fromisoformat(value)
            # Room for a day more or less, in any time zone.
            if 1 < day.year < 9999:
                return day
    except ValueError:
        pass
    raise ValueError("Give a day such as 2024-03-15.")


def _days(value: Any) -> int:
    return whole_value(value, least=0, most=MOST_DAYS)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Choose yes or no.")  # noqa: TRY004 - a sentence for who wrote the rule
    return value


def _options(field: RuleField, value: Any) -> tuple[str, ...]:
    options = texts_value(value)
    known = [option.id for option in field.options]
    unknown = [each for each in options if each not in known]
    if unknown:
        raise ValueError(
            f"{field.label} has no option {', '.join(f'“{each}”' for each in unknown[:5])}."
        )
    return options


def _as_stored(field: RuleField, text: str, default_country: str) -> str:
    """Return an address or a number as contacts have it; a part of one stays as it is typed."""
    if field.type is FieldType.EMAIL:
        return email_normalised(text) or text.lower()
    if field.type is FieldType.PHONE:
        return phone_normalised(text, default_country) or "".join(text.split())
    return text


_READERS: Final[Mapping[ValueForm, Callable[[Any], FieldValue]]] = {
    ValueForm.NUMBER: number_value,
    ValueForm.DAY: _day,
    ValueForm.DAYS: _days,
    ValueForm.BOOLEAN: _boolean,
}
