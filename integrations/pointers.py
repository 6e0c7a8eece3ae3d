"""JSON Pointers (RFC 6901) that operators type, bounded and read without surprises."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import jsonpointer

# The library's default message prints the document around the miss, hence personal data.
jsonpointer.VERBOSE_EXCEPTIONS = False

MAX_CHARACTERS: Final = 1024
MAX_TOKENS: Final = 32


class _Missing:
    """The type of `MISSING`, which no JSON value equals."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def clean_pointer(value: str) -> str:
    """Return the pointer, or raise ValueError with a sentence on what is wrong with it."""
    if len(value) > MAX_CHARACTERS:
        raise ValueError(f"A JSON Pointer may have at most {MAX_CHARACTERS} characters.")
    if not value.startswith("/"):
        raise ValueError("A JSON Pointer begins with a slash, for example /contact/email.")
    if value.count("/") > MAX_TOKENS:
        raise ValueError(f"A JSON Pointer may have at most {MAX_TOKENS} parts.")
    try:
        jsonpointer.JsonPointer(value)
    except jsonpointer.JsonPointerException:
        raise ValueError(
            "In a JSON Pointer, ~ is followed by 0 (for ~ itself) or by 1 (for a slash in a name)."
        ) from None
    return value


def resolve(document: Any, pointer: str) -> Any:
    """Return what the pointer finds, or `MISSING`. The empty pointer is the whole document."""
    compiled = _compiled(pointer)
    if compiled is None:
        return MISSING
    try:
        found = compiled.resolve(document, MISSING)
    except (jsonpointer.JsonPointerException, TypeError, ValueError):
        return MISSING
    # RFC 6901 lets "-" name the element after the last one, which never exists.
    return MISSING if isinstance(found, jsonpointer.EndOfList) else found


@lru_cache(maxsize=4096)
def _compiled(pointer: str) -> jsonpointer.JsonPointer | None:
    try:
        return jsonpointer.JsonPointer(pointer)
    except jsonpointer.JsonPointerException:
        return None
