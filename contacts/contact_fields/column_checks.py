"""What the columns of a contact take. The door would cut or drop the rest and leave a note;
whoever writes by name is told instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from contacts.models import Contact
from contacts.normalisation.values import (
    birth_date_normalised,
    country_normalised,
    language_normalised,
    line_normalised,
)
from integrations.field_types import FieldError

_CODES: Final[Mapping[str, tuple[Callable[[str], str | None], str]]] = {
    "birth_date": (
        birth_date_normalised,
        "Not a day on which somebody living can have been born.",
    ),
    "country_code": (country_normalised, "Not the two-letter code of a country, such as SE."),
    "language": (language_normalised, "Not the code of a language, such as sv or sv-SE."),
}


def checked_line(column: str, text: str) -> str:
    """Return the text as the column holds it; raises `FieldError`."""
    line = line_normalised(text)
    if column in _CODES:
        normalise, told = _CODES[column]
        if normalise(line) is None:
            raise FieldError(told)
        return line
    longest: int = getattr(Contact._meta.get_field(column), "max_length", 0)
    if len(line) > longest:
        raise FieldError(f"At most {longest} characters are taken.")
    return line
