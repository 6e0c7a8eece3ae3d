from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Activity, Contact, ContactMerge, ContactRevision
from contacts.services import ChangeItem, contacts_apply_batch
from contacts.timeline import TimelineRow, contact_timeline
from integrations.contact_change import ActivityFact
from sites.models import Site
from tests.contacts.changes import apply, change, source

JANE = {"email": "jane@example.com"}


def all_pages(contact: Contact, size: int) -> list[TimelineRow]:
    rows: list[TimelineRow] = []
    before = ""
    while True:
        page = contact_timeline(contact=contact, before=before, size=size)
        rows += [entry.row for entry in page.entries]
        if not page.older:
            return rows
        assert len(page.entries) == size
        before = page.older


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_pages_show_every_row_once_in_order(site: Site, size: int) -> None:
    # One batch: all revisions share their instant, and all activities another.
    visits = tuple(ActivityFact(type="visit") for _ in range(3))
    whos: list[dict[str, Any]] = [JANE, {"external_id": "1"}, JANE | {"external_id": "1"}, JANE]
    contacts_apply_batch(
        [
            ChangeItem(
                site=site,
                source=source(),
                change=change(who, 1, fields={"city": str(n)}, activities=visits),
            )
            for n, who in enumerate(whos)
        ]
    )
    rows = all_pages(Contact.objects.get(), size)
    assert len(rows) == len({(type(row), row.pk) for row in rows})
    counts = {
        kind: sum(isinstance(row, kind) for row in rows)
        for kind in (ContactRevision, Activity, ContactMerge)
    }
    assert counts == {ContactRevision: 4, Activity: 12, ContactMerge: 1}
    instants = [row.occurred_at if isinstance(row, Activity) else row.at for row in rows]
    assert instants == sorted(instants, reverse=True)


def test_revisions_of_one_batch_show_the_last_first(site: Site) -> None:
    contacts_apply_batch(
        [
            ChangeItem(site=site, source=source(), change=change(JANE, n, fields={"city": str(n)}))
            for n in range(3)
        ]
    )
    rows = all_pages(Contact.objects.get(), 50)
    cities = [row.changes["city"] for row in rows if isinstance(row, ContactRevision)]
    assert cities == [["1", "2"], ["0", "1"], [None, "0"]]


@pytest.mark.parametrize(
    "before", ["nonsense", "~~", "2026-01-01~2~x", "2026-01-01T00:00:00~2~1", "x" * 500]
)
def test_an_unreadable_cursor_starts_at_the_top(site: Site, before: str) -> None:
    apply(site, JANE)
    page = contact_timeline(contact=Contact.objects.get(), before=before)
    assert len(page.entries) == 1


def test_a_page_costs_a_query_for_each_kind(site: Site, django_assert_num_queries: Any) -> None:
    apply(site, JANE)
    contact = Contact.objects.get()
    # Revisions, activities, merges; and events, which webhooks add.
    with django_assert_num_queries(4):
        contact_timeline(contact=contact)
