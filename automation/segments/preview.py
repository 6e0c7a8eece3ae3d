"""What a rule would do before anybody saves it."""

# ruff: noqa: S608 - names come from here and from models; values are parameters.

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from automation.models import Segment, SegmentMember
from automation.segments.conditions import Rule
from automation.segments.matching import TABLE, matching_contacts
from contacts.models import Contact
from sites.models import Site

# Somebody waits for the page.
PREVIEW_SECONDS: Final = 20.0
EXAMPLES: Final = 5
_MEMBERS: Final = SegmentMember._meta.db_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many match, and who enters and leaves compared with the members of a segment.

    For a segment that was never computed, everybody who matches enters.
    """

    count: int
    entering: int
    leaving: int
    entering_examples: tuple[Contact, ...]
    leaving_examples: tuple[Contact, ...]
    seconds: float


def segment_preview(site: Site, rule: Rule, segment: Segment | None = None) -> Preview:
    """Return who would be in; raises `matching.TooSlow` when nobody would wait so long."""
    began = time.monotonic()
    key = None if segment is None else Segment._meta.pk.get_db_prep_value(segment.pk, connection)
    members = f"SELECT contact_id FROM {_MEMBERS} WHERE segment_id = %s"
    entering = f"FROM {TABLE} AS m WHERE NOT EXISTS ({members} AND contact_id = m.id)"
    leaving = (
        f"FROM ({members}) AS m WHERE NOT EXISTS "
        f"(SELECT 1 FROM {TABLE} AS matching WHERE matching.id = m.contact_id)"
    )
    with matching_contacts(site, rule, now=timezone.now(), seconds=PREVIEW_SECONDS):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {TABLE}")
            count = cursor.fetchone()[0]
        entered, entering_ids = _counted("m.id", entering, [key])
        left, leaving_ids = _counted("m.contact_id", leaving, [key])
        contacts = Contact.objects.defer("personal_identity_number", "attributes", "fact_times")
        examples = contacts.in_bulk([*entering_ids, *leaving_ids])
    return Preview(
        count=count,
        entering=entered,
        leaving=left,
        entering_examples=tuple(examples[each] for each in entering_ids if each in examples),
        leaving_examples=tuple(examples[each] for each in leaving_ids if each in examples),
        seconds=time.monotonic() - began,
    )


def _counted(column: str, source: str, params: list[Any]) -> tuple[int, list[Any]]:
    """Return how many rows there are, and the keys of the newest contacts among them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) {source}", params)
        count = cursor.fetchone()[0]
        cursor.execute(f"SELECT {column} {source} ORDER BY 1 DESC LIMIT {EXAMPLES}", params)
        rows = cursor.fetchall()
    return count, [Contact._meta.pk.to_python(key) for (key,) in rows]
