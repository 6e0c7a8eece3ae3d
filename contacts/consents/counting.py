"""How many answered what, without ever counting a table to its end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import connection

from contacts.models import Consent, ConsentDefinition
from sites.models import Site

# Beyond it a page says “more than”: counting on would take longer than anybody waits.
COUNTED: Final = 10_000
_LOOKED_AT: Final = 2_000
_MOST_IDS: Final = 500

# A loose scan of the index: one look-up per id, however many answers there are.
_IDS: Final = """
    WITH RECURSIVE ids(id) AS (
        SELECT (SELECT min(consent_id) FROM contacts_consent)
        UNION ALL
        SELECT (SELECT min(c.consent_id) FROM contacts_consent c WHERE c.consent_id > ids.id)
        FROM ids WHERE ids.id IS NOT NULL
    )
    SELECT id FROM ids WHERE id IS NOT NULL LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCounts:
    """At most `COUNTED` each; one more means that there are more."""

    yes: int
    no: int

    @property
    def yes_words(self) -> str:
        return _words(self.yes)

    @property
    def no_words(self) -> str:
        return _words(self.no)


def answer_counts(definition: ConsentDefinition) -> AnswerCounts:
    yes, no = (_counted(definition, value=value) for value in (True, False))
    return AnswerCounts(yes=yes, no=no)


def undefined_ids(*, sites: Collection[Site]) -> list[tuple[Site, str]]:
    """Return the ids that contacts of these sites answered lately and that nobody defined."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [_MOST_IDS])
        ids = [row[0] for row in cursor.fetchall()]
    by_key = {site.pk: site for site in sites}
    defined = set(
        ConsentDefinition.objects.filter(site__in=by_key).values_list("site_id", "consent_id")
    )
    found = {
        (site_id, consent_id)
        for consent_id in ids
        if any((site_id, consent_id) not in defined for site_id in by_key)
        for site_id in _answered_on(consent_id)
        if site_id in by_key and (site_id, consent_id) not in defined
    }
    pairs = [(by_key[site_id], consent_id) for site_id, consent_id in found]
    return sorted(pairs, key=lambda pair: (pair[0].name, pair[1]))


def _answered_on(consent_id: str) -> set[int]:
    """Return the sites whose contacts are among the newest that answered: enough to find one."""
    site_ids: set[int] = set()
    for value in (True, False):
        rows = Consent.objects.filter(consent_id=consent_id, value=value).order_by("-contact")
        newest = list(rows.values_list("contact_id", flat=True)[:_LOOKED_AT])
        sites = Consent.objects.filter(consent_id=consent_id, contact__in=newest)
        site_ids |= set(sites.values_list("contact__site_id", flat=True).distinct())
    return site_ids


def _counted(definition: ConsentDefinition, *, value: bool) -> int:
    answers = Consent.objects.filter(
        consent_id=definition.consent_id, value=value, contact__site_id=definition.site_id
    )
    return answers.order_by()[: COUNTED + 1].count()


def _words(count: int) -> str:
    return f"{count:,}" if count <= COUNTED else f"more than {COUNTED:,}"
