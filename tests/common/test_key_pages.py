"""Pages by key over streams: nothing is shown twice or left out, whatever the streams are."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet

from common.admin import key_pages
from common.admin.key_pages import KeyStream, key_page
from sites.models import AuditEntry, Site
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db


def entries(count: int, sites: int = 2) -> list[int]:
    """Make entries in turn on so many sites; return their keys, newest first."""
    owners = [SiteFactory.create() for _ in range(sites)]
    made = [
        AuditEntry.objects.create(
            actor_label="x", site=owners[number % sites], action=f"kind.{number % 3}"
        ).pk
        for number in range(count)
    ]
    return made[::-1]


def streams_by_site() -> list[KeyStream]:
    rows: QuerySet[AuditEntry] = AuditEntry.objects.all()
    return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in Site.objects.all()]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23])
def test_going_older_shows_every_row_once(count: int) -> None:
    keys = entries(count)
    seen: list[int] = []
    page = key_page(streams_by_site(), size=5)
    seen += page.keys
    while page.older_than is not None:
        page = key_page(streams_by_site(), size=5, older_than=page.older_than)
        seen += page.keys
    assert seen == keys


def test_going_newer_leads_back_to_the_first_page() -> None:
    keys = entries(23)
    first = key_page(streams_by_site(), size=5)
    second = key_page(streams_by_site(), size=5, older_than=first.older_than)
    third = key_page(streams_by_site(), size=5, older_than=second.older_than)
    back = key_page(streams_by_site(), size=5, newer_than=third.newer_than)
    assert back.keys == second.keys == keys[5:10]
    home = key_page(streams_by_site(), size=5, newer_than=back.newer_than)
    assert home == first
    assert home.newer_than is None


def walked(action: str) -> list[KeyStream]:
    rows: QuerySet[AuditEntry] = AuditEntry.objects.all()
    return [KeyStream(rows=rows.filter(action=action), walk=rows, walked=("action",))]


def test_a_bounded_walk_says_how_far_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_pages, "SHORT_WALK", 2)
    monkeypatch.setattr(key_pages, "LONGEST_WALK", 6)
    keys = entries(14, sites=1)
    page = key_page(walked("kind.0"), size=5)
    # Of the six newest, numbers 13 to 8, two are of this kind: 12 and 9.
    assert page.keys == [keys[1], keys[4]]
    assert page.looked_back_to == page.older_than == keys[5]
    further = key_page(walked("kind.0"), size=5, older_than=page.older_than)
    assert further.keys == [keys[7], keys[10]]
    last = key_page(walked("kind.0"), size=5, older_than=further.older_than)
    assert last.keys == [keys[13]]
    assert last.older_than is None


def test_a_full_page_needs_no_longer_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_pages, "SHORT_WALK", 9)
    monkeypatch.setattr(key_pages, "LONGEST_WALK", 10)
    entries(14, sites=1)
    page = key_page(walked("kind.0"), size=2)
    assert len(page.keys) == 2
    assert page.looked_back_to is None


def test_many_streams_share_what_a_page_looks_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_pages, "SHORT_WALK", 1)
    monkeypatch.setattr(key_pages, "LONGEST_WALK", 6)
    monkeypatch.setattr(key_pages, "MOST_WALKED", 6)
    entries(14, sites=2)
    alone = key_page(walked("no.such.kind"), size=5)
    assert alone.walked == 6
    shared = key_page(walked("no.such.kind") * 3, size=5)
    assert shared.walked == 2
    assert shared.looked_back_to > alone.looked_back_to
