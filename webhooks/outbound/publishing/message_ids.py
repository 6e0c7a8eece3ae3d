"""Message ids as Svix writes them: `msg_` and a KSUID, which dates the message.

Made by the hundred: 27 divisions of a large number each would cost more than storing the event.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX: Final = "msg_"
_EPOCH: Final = datetime.fromtimestamp(1_400_000_000, UTC)
_RANDOM_BYTES: Final = 15
# Three digits at a time: 27 are nine of these.
_TRIPLES: Final = tuple(a + b + c for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET)
_STEP: Final = 62**3
_SMALL: Final = _STEP**3


def new_message_ids(at: datetime, count: int) -> list[str]:
    """Return ids whose time part is `at`, in steps of 4 ms."""
    seconds, remainder = divmod((at - _EPOCH) // timedelta(milliseconds=1), 1000)
    head = ((seconds << 8) + remainder // 4) << (8 * _RANDOM_BYTES)
    noise = os.urandom(_RANDOM_BYTES * count)
    return [
        _PREFIX + _base62(head + int.from_bytes(noise[start : start + _RANDOM_BYTES], "big"))
        for start in range(0, len(noise), _RANDOM_BYTES)
    ]


def _base62(number: int) -> str:
    number, low = divmod(number, _SMALL)
    high, middle = divmod(number, _SMALL)
    return _nine(high) + _nine(middle) + _nine(low)


def _nine(number: int) -> str:
    rest, last = divmod(number, _STEP)
    first, second = divmod(rest, _STEP)
    return _TRIPLES[first] + _TRIPLES[second] + _TRIPLES[last]
