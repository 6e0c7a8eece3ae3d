"""One field for the whole name there, two fields here.

Splitting a name is a guess; joining the halves gives the name back, so nothing is lost by it.
"""

from __future__ import annotations

from typing import Final

# Words that begin a last name when they are written small: van Beethoven, af Klint, de la Cruz.
_PARTICLES: Final = frozenset(
    (
        "af", "al", "av", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do",
        "dos", "du", "el", "ibn", "la", "le", "ten", "ter", "van", "von", "zu", "zum", "zur",
    )
)  # fmt: skip


def full_name_split(name: str) -> tuple[str, str]:
    """Return first and last name: the last word, with the particles in front of it, is the last.

    A single word is a first name. Only particles written in lower case count: Van Nguyen is
    somebody whose first name is Van.
    """
    words = name.split()
    start = len(words) - 1
    if start < 1:
        return " ".join(words), ""
    while start > 0 and words[start - 1] in _PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def full_name_joined(first: str, last: str) -> str:
    """Return the full name with single spaces, "" when neither half is known."""
    return " ".join((*first.split(), *last.split()))
