"""Tables as long as years of traffic make them: how long each is, and whose its rows are.

Rows belong to things such as sources and subscriptions, and through them to sites. The last thing
and the last site are small: one row in so many is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from benchmarks.filling import Spread

# Beside the small site.
SITES: Final = 5
THINGS: Final = 20
# One row in so many is of the small site, the rare source and type; an old type stopped after 1 %.
RARE: Final = 50_000
# One row in so many is about the same person: somebody who tries things out, say.
BUSY: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTables:
    """How long the tables are, and which rows have which keys, in Python and in SQL."""

    rows: int
    body_bytes: int
    spread: Spread
    # Keys of what was configured first; the others of its kind follow.
    first_site: int
    first_source: int
    first_subscription: int
    first_version: int
    first_points: int

    @property
    def small_site(self) -> int:
        return self.first_site + SITES

    @property
    def people(self) -> int:
        return max(self.rows // 10, THINGS)

    @property
    def submissions(self) -> int:
        return max(self.rows // 10, THINGS)

    @property
    def api_calls(self) -> int:
        return 2 * self.submissions

    @property
    def happened(self) -> int:
        """How many outbound events there are; each went to two subscriptions."""
        return max(self.rows // 10, THINGS)

    @property
    def deliveries(self) -> int:
        return 2 * self.happened

    @property
    def runs(self) -> int:
        """How many ran through workflows, each in two steps."""
        return max(self.rows // 10, THINGS)

    def event_id(self, number: int) -> UUID:
        return self.spread.key(number, self.rows)

    def contact_id(self, number: int) -> UUID:
        return self.spread.key(number, self.people)

    def thing_id(self, number: int) -> UUID:
        """Return the key of a workflow, a segment or a promotion."""
        return self.spread.key(number, THINGS)

    # -- in SQL, over the number of a row --------------------------------------------------------

    @property
    def someone(self) -> str:
        """The number of the contact that a row is about, where a contact may have many."""
        return f"CASE WHEN n % {BUSY} = 5 THEN 0 ELSE n % {self.people} END"

    @property
    def contact(self) -> str:
        return self.spread.key_sql("person", self.people)

    def site(self, number: str = "n") -> str:
        """Return the site of a row, or of a contact."""
        return (
            f"CASE WHEN {number} % {RARE} = 11 THEN {self.small_site} "
            f"ELSE {self.first_site} + {number} % {SITES} END"
        )

    @property
    def thing(self) -> str:
        """The number of the source, the subscription or the like that a row belongs to."""
        return f"CASE WHEN n % {RARE} = 3 THEN {THINGS - 1} ELSE n % {THINGS - 1} END"

    def site_of_thing(self, thing: str = "thing") -> str:
        return (
            f"CASE WHEN {thing} = {THINGS - 1} THEN {self.small_site} "
            f"ELSE {self.first_site} + {thing} % {SITES} END"
        )


def place_of_thing(number: int) -> int:
    """Return which site a thing is on, as `LongTables.site_of_thing` does."""
    return SITES if number == THINGS - 1 else number % SITES
