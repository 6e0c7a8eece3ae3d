"""Which rows of a file are about a person, who is known by names alone.

Unlike in logs, where a body may go as a whole, a row too many would be somebody else's: names are
looked for between their boundaries, and `ann@…` is not found in `joann@…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import phonenumbers

from contacts.subject_rights.personal_data import Sought
from contacts.transfer.columns import columns_of, match_header
from contacts.transfer.resource import NAMING

# Of a place in `Sought.linked`: the ids of the person's contacts, which exports hold.
CONTACT_IDS: Final = "files"
_BEFORE: Final = r"(?<![\w.%+-])"
_BEHIND: Final = r"(?![\w-])(?!\.\w)"
# What people put between the digits of a phone number.
_SEPARATORS: Final = r" \t\xa0()./\-"
_BETWEEN_DIGITS: Final = str.maketrans("", "", " \t\xa0()./-")


class People:
    """Some people by all their names: what is the same for every file."""

    def __init__(self, people: Iterable[Sought]) -> None:
        people = list(people)
        texts = {text for each in people for text in each.texts}
        texts |= {text for each in people for text in each.linked.get(CONTACT_IDS, ())}
        numbers = [number for text in texts if (number := _phone(text))]
        # The rest of a number alone would be found behind the prefix of any country.
        nationals = {national for _, national in numbers}
        self._nationals = [re.compile(f"[{_SEPARATORS}]*".join(each)) for each in nationals]
        self._forms = {form for text in texts - nationals for form in _forms(text)}
        self._named = re.compile(f"{_BEFORE}(?:{'|'.join(map(re.escape, self._forms))}){_BEHIND}")
        self._called = re.compile(
            "|".join(
                rf"(?<!\d)(?:(?:\+|00)?{prefix}0?|0)?{national}(?!\d)"
                for prefix, national in numbers
            )
        )
        self.names = frozenset(name for each in people for name in each.names)

    def in_file(self, header: Sequence[str], site_id: int) -> RowsAbout:
        matched = match_header(header, columns_of(site_id)).columns
        places = [place for place, column in enumerate(matched) if column and column.id in NAMING]
        return RowsAbout(self, places)

    def may_stand_in(self, text: str) -> bool:
        """Say whether a row of a text could be about one of them: cheap, and never a false no."""
        lowered = text.lower()
        looked_for = self._forms | self.names
        # Within a cell, a quotation mark is written twice.
        if any(each in lowered or '"' in each for each in looked_for):
            return True
        return self._has_number(text)

    def stand_in(self, text: str) -> bool:
        """Say whether one of them is named in a text."""
        lowered = text.lower()
        # Most rows hold none of it: looking for a text is many times cheaper than for a pattern.
        if any(form in lowered for form in self._forms) and self._named.search(lowered):
            return True
        if not self._has_number(text):
            return False
        return self._called.search(text.translate(_BETWEEN_DIGITS)) is not None

    def _has_number(self, text: str) -> bool:
        return any(national.search(text) for national in self._nationals)


class RowsAbout:
    """Says of the rows of one file whether they are about one of some people.

    `identity_places` are the columns that hold names and nothing else: there a name counts however
    short it is.
    """

    def __init__(self, people: People, identity_places: Collection[int]) -> None:
        self.people = people
        self._identity_places = identity_places

    def includes(self, cells: Sequence[str]) -> bool:
        names = self.people.names
        for place in self._identity_places:
            if place < len(cells) and cells[place].strip().lower() in names:
                return True
        return self.people.stand_in("\n".join(cells))


def _forms(text: str) -> set[str]:
    """Return the text as it stands alone, in JSON and in an address."""
    return {text, json.dumps(text)[1:-1], text.replace("@", "%40").replace("+", "%2b")}


def _phone(text: str) -> tuple[int, str] | None:
    """Return the prefix and the rest of a number in its international form."""
    if not text.startswith("+"):
        return None
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    return (number.country_code, str(number.national_number)) if number.country_code else None
