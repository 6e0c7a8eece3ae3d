"""Phone numbers in E.164; a number without a prefix is read as one of the site's country."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat


@lru_cache(maxsize=16384)
def phone_normalised(text: str, country: str) -> str | None:
    """Return `+46701234567`, or None when no such number can exist. An extension is refused:
    two people behind one switchboard are not one phone.
    """
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
