"""Swedish and Finnish personal identity numbers, told apart by shape and check digit."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from personnummer.personnummer import Personnummer, PersonnummerException

from common.encryption import DecryptionFailed, key_ring

# The field's encryption context; the keyed hash shares it.
CONTEXT: Final = "contacts.contact.personal_identity_number"

_FINNISH: Final = re.compile(r"(\d\d)(\d\d)(\d\d)([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])")
# Digital and Population Data Services Agency, reform of 2023: new signs between date and number.
_FINNISH_CENTURIES: Final = {
    "+": 1800,
    **dict.fromkeys("-UVWXY", 1900),
    **dict.fromkeys("ABCDEF", 2000),
}
_FINNISH_CHECK: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_MAX_LENGTH: Final = 16


def personal_identity_normalised(text: str, country: str) -> str | None:
    """Return `20040217-7935` or `131052-308T`, or None. Coordination numbers are valid.

    A few texts are valid in both countries; the site's country then decides.
    """
    candidate = text.strip().upper()
    if len(candidate) > _MAX_LENGTH:
        return None
    readers = (_swedish, _finnish) if country != "FI" else (_finnish, _swedish)
    return readers[0](candidate) or readers[1](candidate)


def personal_identity_hash(normalised: str) -> str:
    """Return the keyed hash by which the encrypted number is found."""
    return key_ring().digest(normalised, CONTEXT)


def personal_identity_encrypted(normalised: str) -> str:
    return key_ring().encrypt(normalised, CONTEXT)


def personal_identity_decrypted(stored: str) -> str:
    """Return the number; empty when no key of this installation opens it any more."""
    try:
        return key_ring().decrypt(stored, CONTEXT) if stored else ""
    except DecryptionFailed:
        return ""


def personal_identity_masked(normalised: str) -> str:
    """Return the date with the individual part hidden, for histories that outlive the value."""
    return f"{normalised[:-4]}••••"


def personal_identity_forms(normalised: str) -> tuple[str, ...]:
    """Return the ways in which a normalised number may have been written, itself included."""
    if not normalised:
        return ()
    joined = normalised.replace("-", "")
    if not joined.isdigit():
        return (normalised,)
    return (normalised, joined, normalised[2:], joined[2:])


def _swedish(text: str) -> str | None:
    # The library reads any digits, also those of other scripts.
    if not text.isascii():
        return None
    try:
        number = Personnummer(text.replace(" ", "")).format(True)
    except (PersonnummerException, ValueError):
        return None
    return f"{number[:8]}-{number[8:]}"


def _finnish(text: str) -> str | None:
    match = _FINNISH.fullmatch(text) if text.isascii() else None
    if match is None:
        return None
    day, month, year, sign, number, check = match.groups()
    try:
        date(_FINNISH_CENTURIES[sign] + int(year), int(month), int(day))
    except ValueError:
        return None
    is_valid = int(number) >= 2 and _FINNISH_CHECK[int(day + month + year + number) % 31] == check
    return text if is_valid else None
