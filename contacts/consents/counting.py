"""How many answered what, without ever counting a table to its end."""

# ruff: noqa: S608 - table names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from common.capped_count import CappedCount, capped_count
from contacts.models import Consent, ConsentDefinition, Contact
from sites.models import Site

# In a list: of the newest answers to an id so many each way, whosever they are.
LOOKED_AT: Final = 1_000
# The newest answers to an id by which an undefined one is found, and how many ids are looked at.
_LOOKED_AT_FOR_SITES: Final = 250
_MOST_IDS: Final = 200
# Compared with, not asked alone: SQLite would not find the rest of the index behind it.
_VALUES: Final = ("TRUE", "FALSE")

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
    yes: CappedCount
    no: CappedCount


def answer_counts(definition: ConsentDefinition) -> AnswerCounts:
    yes, no = (_counted(definition, value=value) for value in (True, False))
    return AnswerCounts(yes=yes, no=no)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatelyCounts:
    """Answers to a consent, among the newest to its id; with `is_cut` there are older ones."""

    yes: int = 0
    no: int = 0
    yes_is_cut: bool = False
    no_is_cut: bool = False

    @property
    def words(self) -> str:
        yes = _lately_words(self.yes, is_cut=self.yes_is_cut)
        no = _lately_words(self.no, is_cut=self.no_is_cut)
        return f"{yes} yes, {no} no"


def lately_answered(definitions: Sequence[ConsentDefinition]) -> dict[int, LatelyCounts]:
    """Return the counts of each definition by its key: one query along the index of answers.

    Sites may ask under the same id. Then another site's answers are looked through as well, so
    that those of a small site may stay uncounted; but never is more looked at.
    """
    if not definitions:
        return {}
    quote = connection.ops.quote_name
    table = quote(ConsentDefinition._meta.db_table)
    keys = ", ".join(["%s"] * len(definitions))
    parts = [part for value in _VALUES for part in _newest_parts(value)]
    sql = f"SELECT d.id, {', '.join(parts)} FROM {table} d WHERE d.id IN ({keys})"
    with connection.cursor() as cursor:
        cursor.execute(sql, [definition.pk for definition in definitions])
        rows = cursor.fetchall()
    return {
        key: LatelyCounts(
            yes=yes, yes_is_cut=looked_at_yes > LOOKED_AT, no=no, no_is_cut=looked_at_no > LOOKED_AT
        )
        for key, yes, looked_at_yes, no, looked_at_no in rows
    }


def _newest_parts(value: str) -> tuple[str, str]:
    """Return how many of the newest answers are of the site `d.site_id`, and how many there are."""
    quote = connection.ops.quote_name
    consents, contacts = quote(Consent._meta.db_table), quote(Contact._meta.db_table)
    newest = (
        f"SELECT c.contact_id FROM {consents} c "
        f"WHERE c.consent_id = d.consent_id AND c.value = {value} "
        f"ORDER BY c.contact_id DESC LIMIT {LOOKED_AT + 1}"
    )
    of_site = (
        f"(SELECT count(*) FROM ({newest}) AS newest JOIN {contacts} p ON p.id = newest.contact_id "
        "WHERE p.site_id = d.site_id)"
    )
    return of_site, f"(SELECT count(*) FROM ({newest}) AS newest)"


def _lately_words(count: int, *, is_cut: bool) -> str:
    if not is_cut:
        return f"{count:,}"
    if count > LOOKED_AT:
        return f"more than {LOOKED_AT:,}"
    return f"at least {count:,}" if count else "few, if any,"


def undefined_ids(*, sites: Collection[Site]) -> list[tuple[Site, str]]:
    """Return the ids that contacts of these sites answered lately and that nobody defined."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [_MOST_IDS])
        ids = [row[0] for row in cursor.fetchall()]
    by_key = {site.pk: site for site in sites}
    defined = set(
        ConsentDefinition.objects.filter(site__in=by_key).values_list("site_id", "consent_id")
    )
    open_ids = [
        consent_id
        for consent_id in ids
        if any((site_id, consent_id) not in defined for site_id in by_key)
    ]
    pairs = [
        (by_key[site_id], consent_id)
        for site_id, consent_id in _answered_on(open_ids)
        if site_id in by_key and (site_id, consent_id) not in defined
    ]
    return sorted(pairs, key=lambda pair: (pair[0].name, pair[1]))


def _answered_on(consent_ids: Sequence[str]) -> set[tuple[int, str]]:
    """Return (site, id) of the newest answers to each id: enough to find one that is undefined."""
    quote = connection.ops.quote_name
    consents, contacts = quote(Consent._meta.db_table), quote(Contact._meta.db_table)
    parts, params = [], []
    for number, consent_id in enumerate(consent_ids):
        for value in _VALUES:
            newest = (
                f"SELECT c.contact_id FROM {consents} c "
                f"WHERE c.consent_id = %s AND c.value = {value} "
                f"ORDER BY c.contact_id DESC LIMIT {_LOOKED_AT_FOR_SITES}"
            )
            parts.append(
                f"SELECT DISTINCT {number} AS number, p.site_id FROM ({newest}) AS newest "
                f"JOIN {contacts} p ON p.id = newest.contact_id"
            )
            params.append(consent_id)
    if not parts:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return {(site_id, consent_ids[number]) for number, site_id in cursor.fetchall()}


def _counted(definition: ConsentDefinition, *, value: bool) -> CappedCount:
    answers = Consent.objects.filter(
        consent_id=definition.consent_id, value=value, contact__site_id=definition.site_id
    )
    return capped_count(answers)
