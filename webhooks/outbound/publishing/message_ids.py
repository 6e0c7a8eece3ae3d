"""Message ids as Svix writes them: `msg_` and a KSUID, which dates the message.

Made by the hundred: 27 divisions of a large number each would cost more than storing the event.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX: Final = "msg_"
_EPOCH: Final = datetime.fromtimestamp(1_400_000_000, UTC)
_TICK: Final = timedelta(milliseconds=4)
_RANDOM_BYTES: Final = 15
# Three digits at a time: 27 are nine of these. One text, where a tuple would take 18 MB.
_TRIPLES: Final = "".join(a + b + c for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET)
_STEP: Final = 62**3
_SMALL: Final = _STEP**3


def new_message_ids(at: datetime, order_keys: Sequence[str]) -> list[str]:
    """Return an id for each key, whose time part is `at` in steps of 4 ms.

    Receivers order what they hear of a contact by that time. So of several under one key the last
    has `at`, and those before it a step less each: none lies in the future. "" is no key.
    """
    newest, left = _head(at), Counter(order_keys)
    noise = os.urandom(_RANDOM_BYTES * len(order_keys))
    ids = []
    for number, key in enumerate(order_keys):
        left[key] -= 1
        head = _head(at - left[key] * _TICK) if key and left[key] else newest
        start = number * _RANDOM_BYTES
        rest = int.from_bytes(noise[start : start + _RANDOM_BYTES], "big")
        ids.append(_PREFIX + _base62(head + rest))
    return ids


def _head(at: datetime) -> int:
    seconds, remainder = divmod((at - _EPOCH) // timedelta(milliseconds=1), 1000)
    return ((seconds << 8) + remainder // 4) << (8 * _RANDOM_BYTES)


def _base62(number: int) -> str:
    number, low = divmod(number, _SMALL)
    high, middle = divmod(number, _SMALL)
    return _nine(high) + _nine(middle) + _nine(low)


def _nine(number: int) -> str:
    rest, last = divmod(number, _STEP)
    first, second = divmod(rest, _STEP)
    return _triple(first) + _triple(second) + _triple(last)


def _triple(number: int) -> str:
    return _TRIPLES[3 * number : 3 * number + 3]
