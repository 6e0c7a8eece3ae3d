"""Plain values: text, dates, codes and free JSON, in forms that both databases take."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from phonenumbers import SUPPORTED_REGIONS

_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z0-9]{2,8}))?")
# PostgreSQL stores neither; SQLite stores both and fails on reading them as UTF-8.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x01-\x1f\x7f]+")
_OLDEST_YEAR: Final = 1850
_MAX_JSON_DEPTH: Final = 32
_MAX_JSON_INTEGER: Final = 2**63


def text_storable(text: str) -> str:
    """Return the text without NUL and lone surrogates."""
    return text if text.isprintable() else _UNSTORABLE.sub("", text)


def line_normalised(text: str) -> str:
    """Return the text as one line, trimmed, without characters that cannot be stored."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", _UNSTORABLE.sub("", text))
    return text.strip()


@lru_cache(maxsize=4096)
def birth_date_normalised(text: str) -> str | None:
    """Return an ISO date, taken from a date or the date part of a date-time."""
    try:
        born = date.fromisoformat(text[:10])
    except ValueError:
        return None
    plausible = born.year >= _OLDEST_YEAR and born <= datetime.now(UTC).date()
    return born.isoformat() if plausible else None


@lru_cache(maxsize=1024)
def country_normalised(text: str) -> str | None:
    """Return two upper-case letters."""
    # Outside ASCII, upper case may be other letters: ß becomes SS, which is South Sudan.
    code = text.upper()
    return code if text.isascii() and code in SUPPORTED_REGIONS else None


@lru_cache(maxsize=1024)
def language_normalised(text: str) -> str | None:
    """Return `sv` or `sv-SE`."""
    match = _LANGUAGE.fullmatch(text)
    if match is None:
        return None
    language, region = match.groups()
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def json_storable(value: Any, depth: int = _MAX_JSON_DEPTH) -> Any:
    """Return a copy that both databases store and give back alike.

    Decimals and integers beyond 64 bits become text, as JSON readers would round them; what JSON
    cannot hold becomes text or null; what is nested deeper than `depth` becomes null.
    """
    if isinstance(value, str):
        return text_storable(value)
    if isinstance(value, Mapping | list | tuple):
        return _container(value, depth - 1) if depth else None
    return _scalar(value)


def _container(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
    if isinstance(value, Mapping):
        return {text_storable(str(key)): json_storable(each, depth) for key, each in value.items()}
    return [json_storable(each, depth) for each in value]


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MAX_JSON_INTEGER else _digits(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return text_storable(str(value)) if isinstance(value, Decimal | date) else None


def _digits(value: int) -> str | None:
    try:
        return str(value)
    except ValueError:  # Python refuses to print more than 4,300 digits.
        return None
