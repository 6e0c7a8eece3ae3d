"""KSUIDs as Svix writes them into message ids: 27 base62 characters that begin with a time.

Twenty bytes: seconds since 1,400,000,000 in four, 4 ms steps in the fifth, then random ones
(source: the open-source Svix server; the format is not promised by anyone).
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH: Final = 27
_EPOCH: Final = datetime.fromtimestamp(1_400_000_000, UTC)


def new_ksuid(at: datetime) -> str:
    """Return a fresh KSUID whose time part is `at`."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    seconds, remainder = divmod(milliseconds, 1000)
    head = seconds.to_bytes(4, "big") + bytes((remainder // 4,))
    number = int.from_bytes(head + secrets.token_bytes(15), "big")
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def ksuid_time(text: str) -> datetime | None:
    """Return the time inside a KSUID, or None when the text is not one."""
    if len(text) != _LENGTH:
        return None
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 62 + value
    if number >> 160:
        return None
    seconds, steps = number >> 128, number >> 120 & 0xFF
    # 250 steps fill a second; a larger fifth byte is plain randomness of another KSUID flavour.
    return _EPOCH + timedelta(seconds=seconds, milliseconds=4 * steps if steps < 250 else 0)
