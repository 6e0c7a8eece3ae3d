"""Phone numbers in E.164; a number without a prefix is read as one of the given country."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
)

# What nearly every number looks like. A zero after the country's code is left to the library.
_E164: Final = re.compile(r"\+([1-9][0-9]{6,14})")
_LONGEST_COUNTRY_CODE: Final = 3


@lru_cache(maxsize=16384)
def phone_normalised(text: str, country: str) -> str | None:
    """Return `+46701234567`, or None when no such number can exist. An extension is refused:
    two people behind one switchboard are not one phone.
    """
    return text if _is_mobile_in_e164(text) else _by_library(text, country)


def _by_library(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _is_mobile_in_e164(text: str) -> bool:
    """Return whether the library, at twenty times the cost, would return the text as it is."""
    match = _E164.fullmatch(text)
    if match is None:
        return False
    digits = match[1]
    for end in range(1, _LONGEST_COUNTRY_CODE + 1):
        mobile = _mobile_numbers(int(digits[:end]))
        if mobile:
            return mobile.fullmatch(digits, end) is not None
    return False


@cache
def _mobile_numbers(country_code: int) -> re.Pattern[str] | None:
    """Return what mobile numbers of the main country with this code look like, without the code.

    A number that begins with the digits of a national prefix does not match: the library may take
    them off.
    """
    regions = COUNTRY_CODE_TO_REGION_CODE.get(country_code, ())
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    general, mobile = (metadata.general_desc, metadata.mobile) if metadata else (None, None)
    if not metadata or not general or not mobile or not mobile.national_number_pattern:
        return None
    prefixes = "|".join(filter(None, ("0", metadata.national_prefix_for_parsing)))
    lengths = "|".join(f"[0-9]{{{length}}}" for length in mobile.possible_length)
    return re.compile(
        f"(?!{prefixes})"
        # Countries that share a code are told apart by these.
        f"(?={metadata.leading_digits or ''})"
        f"(?=(?:{general.national_number_pattern})$)"
        f"(?=(?:{lengths or '[0-9]+'})$)"
        f"(?:{mobile.national_number_pattern})"
    )
