"""A value as the text of a cell, and back.

What comes out of `cell_text` reads back as the same value, and no spreadsheet takes it for a
formula. What people write by hand is read a little wider: `Yes`, `TRUE` and `1` are all yes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from integrations.field_types import FieldDefinition, FieldError, FieldType, lenient

# What spreadsheets compute (OWASP, CSV Injection), also behind apostrophes: so that taking one off
# gives back whatever had one put on.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                             "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]")  # fmt: skip
_MARK: Final = "'"
_OPTION_SEPARATOR: Final = "|"
_YES: Final = frozenset(("yes", "true", "1", "y", "subscribed"))
_NO: Final = frozenset(("no", "false", "0", "n", "unsubscribed"))
_NO_WORD: Final = "Write yes or no."


def escaped(text: str) -> str:
    """Return the text so that a spreadsheet shows it and computes nothing."""
    return _MARK + text if _FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """Take the apostrophe off again; text that needs none keeps the one it has."""
    return text[1:] if text.startswith(_MARK) and _FORMULA.match(text) else text


def cell_text(value: Any) -> str:
    """Return a stored value as text, before it is escaped; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _list_text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def cell_value(definition: FieldDefinition, text: str) -> Any:
    """Return what a cell that is not empty says, in its stored form; raises `FieldError`."""
    if definition.type is FieldType.TEXT:
        return lenient(definition, text)
    typed = text.strip()
    read = _READERS.get(definition.type)
    return lenient(definition, read(typed) if read else typed)


def yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in _YES and word not in _NO:
        raise FieldError(_NO_WORD)
    return word in _YES


def _list_text(values: list[Any]) -> str:
    texts = [str(value) for value in values]
    joined = _OPTION_SEPARATOR.join(texts)
    is_plain = joined and not joined.startswith("[") and _options(joined) == texts
    return joined if is_plain else json.dumps(texts, ensure_ascii=False)


def _options(text: str) -> list[str]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return found
    return [part.strip() for part in text.split(_OPTION_SEPARATOR) if part.strip()]


_READERS: Final[Mapping[FieldType, Any]] = {
    FieldType.BOOLEAN: yes_or_no,
    FieldType.CHECKBOX: _options,
}
