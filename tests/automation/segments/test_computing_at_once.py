"""Several processes compute one segment while contacts change: threads with own connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from automation.models import Segment, SegmentMember, SegmentMove
from automation.segments.computing import segment_claim, segment_compute
from automation.segments.queries import contacts_matching
from automation.segments.rules import read_rule
from automation.segments.services import segment_delete
from automation.segments.telling import moves_tell
from automation.signals import segments_moved
from contacts.models import Contact
from sites.models import Site
from tests.automation.segments.made import (
    ACTOR,
    computed,
    contact,
    field,
    members,
    segment,
)
from tests.automation.segments.test_computing import forever

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 4
ROUNDS = 4


def at_once(work: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_members_and_moves_agree_whoever_computes(site: Site) -> None:
    people = [contact(site, city="Malmö" if n % 2 else "Lund") for n in range(20)]
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    at_first = members(made)

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            mine = [person.pk for person in people[number::THREADS]]
            Contact.objects.filter(pk__in=mine).update(city=("Malmö", "Lund")[turn % 2])
            segment_compute(made)

    at_once(work)
    made.refresh_from_db()
    assert made.trouble == ""
    computed(made)
    matching = contacts_matching(site, read_rule(made.rule, site))
    assert members(made) == set(matching.values_list("pk", flat=True))
    assert made.member_count == len(members(made))
    # From who was in at first, every move leads on to who is in now; none comes twice.
    steps: dict[Any, list[bool]] = defaultdict(list)
    for move in SegmentMove.objects.order_by("at"):
        steps[move.contact_id].append(move.has_entered)
    for person in people:
        was_in = person.pk in at_first
        for has_entered in steps[person.pk]:
            assert has_entered is not was_in
            was_in = has_entered
        assert was_in == (person.pk in members(made))


def test_a_first_computation_by_several_moves_nobody(site: Site) -> None:
    contact(site, city="Malmö")
    made = segment(site, field("city", "eq", "Malmö"))
    at_once(lambda _: segment_compute(made))
    assert SegmentMember.objects.count() == 1
    assert not SegmentMove.objects.exists()


def test_one_of_several_schedules_takes_a_due_segment(site: Site) -> None:
    segment(site)
    assert sum(at_once(lambda _: segment_claim(Segment(pk=made_key(), attempted_at=None)))) == 1


def made_key() -> Any:
    return Segment.objects.values_list("pk", flat=True).get()


def test_each_move_is_told_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automation.segments.telling.SLICE", 3)
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    people = [contact(site, city="Malmö") for _ in range(20)]
    computed(made)
    heard: list[Any] = []

    def hear(*, moves: Any, **_: Any) -> None:
        heard.extend(move.contact_id for move in moves)

    segments_moved.connect(hear)
    try:
        at_once(lambda _: moves_tell(made, forever()))
        moves_tell(made, forever())
    finally:
        segments_moved.disconnect(hear)
    assert sorted(heard) == sorted(person.pk for person in people)


def test_a_segment_deleted_while_it_is_computed_leaves_nothing(site: Site) -> None:
    for _ in range(20):
        contact(site)
    made = segment(site)

    def work(number: int) -> None:
        if number:
            segment_compute(made)
        else:
            segment_delete(segment=made, actor=ACTOR)

    at_once(work)
    assert not Segment.objects.exists()
    assert not SegmentMember.objects.exists()
    assert not SegmentMove.objects.exists()
