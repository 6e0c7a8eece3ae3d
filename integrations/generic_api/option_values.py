"""Values of custom options: what a visitor, a contact or another system's answer gave."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from integrations.generic_api.custom_option import CustomOption, OptionType
from integrations.json_values import decimal_text

LONGEST_TEXT: Final = 2_000
# Before the dot; and zeros behind it.
_MOST_DIGITS: Final = 60
_LONGEST_NUMBER: Final = 100
_EXACT: Final = Context(prec=_LONGEST_NUMBER)
# Beyond a signed 64-bit number readers of JSON round, so that it travels as text.
_LARGEST_INTEGER: Final = 2**63 - 1


class UnfitValue(ValueError):
    """The message is the rest of a sentence that begins with the option's name."""


def clean_value(option: CustomOption, value: Any) -> Any:
    """Return the value as `VisitorData.options` holds it; a clean value stays as it is.

    Text is trimmed; a number becomes an integer or, with a fraction, text; choices are in the order
    of the option. Raises UnfitValue.
    """
    match option.type:
        case OptionType.TEXT:
            return clean_text(value, LONGEST_TEXT)
        case OptionType.NUMBER:
            return _number(value)
        case OptionType.BOOLEAN:
            return _boolean(value)
        case OptionType.CHOICE:
            return _chosen(option, value)
        case OptionType.CHOICES:
            return _all_chosen(option, value)


def json_value(option: CustomOption, value: Any) -> Any:
    """Return a clean value as it stands in JSON: a number as a number wherever none rounds it."""
    if option.type is not OptionType.NUMBER or not isinstance(value, str):
        return value
    number = float(value)
    return number if Decimal(repr(number)) == Decimal(value) else value


def clean_text(value: Any, longest: int) -> str:
    """Return trimmed text that both databases store; raises UnfitValue."""
    if not isinstance(value, str):
        raise UnfitValue("must be text")
    text = value.strip()
    if len(text) > longest:
        raise UnfitValue(f"is longer than {longest} characters")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UnfitValue("holds a character that cannot be stored")
    return text


def _number(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise UnfitValue("must be a number")
    if isinstance(value, int) and abs(value) >= 10**_MOST_DIGITS:
        raise UnfitValue("is a number out of range")
    # A float by its shortest notation, which is what was written.
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > _LONGEST_NUMBER or not text.isascii() or "_" in text:
        raise UnfitValue("must be a number, and not an endless one")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnfitValue("must be a number") from None
    if not number.is_finite() or abs(number.adjusted()) >= _MOST_DIGITS:
        raise UnfitValue("is a number out of range")
    if number == number.to_integral_value():
        whole = int(number)
        return whole if abs(whole) <= _LARGEST_INTEGER else str(whole)
    return decimal_text(number.normalize(_EXACT))


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnfitValue("must be true or false")
    return value


def _chosen(option: CustomOption, value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitValue("must be text")
    if value.strip() not in option.values:
        raise UnfitValue("has a value that is none of the choices")
    return value.strip()


def _all_chosen(option: CustomOption, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise UnfitValue("must be a list")
    chosen = {_chosen(option, each) for each in value}
    return [each for each in option.values if each in chosen]
