"""Members follow from the rule and the contacts; who entered and left is told once."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from automation.models import Segment, SegmentMember, SegmentMove, Use
from automation.segments import computing, matching
from automation.segments.computing import segment_claim, segment_compute, segments_due
from automation.segments.exporting import segment_export_start
from automation.segments.matching import TooSlow
from automation.segments.preview import segment_preview
from automation.segments.queries import matching_ids
from automation.segments.recomputing import segment_recompute_start
from automation.segments.rules import empty_rule, read_rule
from automation.segments.schedule import compute_changed_segment, compute_due_segments
from automation.segments.services import segment_delete, segment_save
from automation.segments.telling import SLICE, moves_tell
from automation.segments.upkeep import remove_moves
from automation.signals import segments_moved
from contacts.models import Contact
from contacts.transfer.files import whole_text
from integrations.contact_change import Channel, Deletion
from sites.jobs import run_job_slice
from sites.models import AuditEntry, JobState, Site
from tests.automation.segments.made import (
    ACTOR,
    activity,
    computed,
    contact,
    did,
    document,
    field,
    group,
    members,
    segment,
)
from tests.contacts.changes import apply
from tests.contacts.transfers import rows_of, worked
from tests.factories import SiteFactory
from tests.webhooks.outbound.subscribing import saved
from webhooks.outbound.models import Delivery, Event

MALMO = field("city", "eq", "Malmö")


def forever() -> float:
    return time.monotonic() + 60


def test_the_first_computation_finds_who_matches_and_moves_nobody(site: Site) -> None:
    inside, _ = contact(site, city="Malmö"), contact(site, city="Lund")
    contact(SiteFactory.create(), city="Malmö")
    contact(site, city="Malmö", deleted_at=timezone.now())
    made = segment(site, MALMO)
    computation = computed(made)
    assert (computation.entered, computation.left, computation.is_first) == (1, 0, True)
    assert members(made) == {inside.pk}
    assert made.member_count == 1
    assert made.computed_ms is not None
    assert made.computed_at is not None
    assert not SegmentMove.objects.exists()


def test_who_enters_and_leaves_later_moves(site: Site) -> None:
    stays, leaves = contact(site, city="Malmö"), contact(site, city="Malmö")
    enters = contact(site, city="Lund")
    made = segment(site, MALMO)
    computed(made)
    since = made.members.get(contact=stays).since
    Contact.objects.filter(pk=leaves.pk).update(city="Lund")
    Contact.objects.filter(pk=enters.pk).update(city="Malmö")
    computation = computed(made)
    assert (computation.entered, computation.left, computation.is_first) == (1, 1, False)
    assert members(made) == {stays.pk, enters.pk}
    moves = SegmentMove.objects.values_list("contact_id", "has_entered", "told_at")
    assert set(moves) == {(leaves.pk, False, None), (enters.pk, True, None)}
    assert all(move.at == made.computed_at for move in made.moves.all())
    # The key tells the moment, as every list and the retention take it to.
    assert all(abs(_seconds_of(move) - move.at.timestamp()) < 0.01 for move in made.moves.all())
    assert all(move.pk.version == 7 for move in made.moves.all())
    assert made.members.get(contact=stays).since == since


def _seconds_of(move: SegmentMove) -> float:
    return (move.pk.int >> 80) / 1000


def test_a_computation_without_a_change_writes_no_member(site: Site) -> None:
    contact(site, city="Malmö")
    made = segment(site, MALMO)
    computed(made)
    before = list(SegmentMember.objects.values())
    computation = computed(made)
    assert (computation.entered, computation.left) == (0, 0)
    assert list(SegmentMember.objects.values()) == before


def test_a_computation_is_no_edit_of_the_segment(site: Site) -> None:
    made = segment(site, MALMO)
    edited = made.updated_at
    computed(made)
    assert made.updated_at == edited


def test_one_that_takes_too_long_says_so_and_keeps_its_members(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(site, city="Malmö")
    made = segment(site, MALMO)
    computed(made)
    Contact.objects.update(city="Lund")

    def slow(*_: Any, **__: Any) -> None:
        raise TooSlow(50)

    monkeypatch.setattr(computing, "members_replace", slow)
    assert segment_compute(made) is None
    made.refresh_from_db()
    assert "longer than 50 seconds" in made.trouble
    assert made.member_count == 1
    monkeypatch.undo()
    computed(made)
    assert made.trouble == ""
    assert made.member_count == 0


@pytest.mark.django_db(transaction=True)
def test_the_database_stops_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    site = SiteFactory.create()
    Contact.objects.bulk_create(
        Contact(
            site=site, first_name="a" * 200, created_at=timezone.now(), updated_at=timezone.now()
        )
        for _ in range(2_000)
    )
    monkeypatch.setattr(matching, "_STEPS", 100)
    # Enough to look at that no machine is done within the shortest time that a database takes.
    tests = [field("first_name", "contains", f"{'a' * 190}{number}") for number in range(45)]
    made = segment(site, group(*tests, match="any"))
    assert segment_compute(made, seconds=0) is None
    made.refresh_from_db()
    assert "was stopped" in made.trouble
    assert computed(made).entered == 0


def test_a_rule_that_does_not_fit_the_site_any_more_says_so(site: Site) -> None:
    made = segment(site, MALMO)
    Segment.objects.update(rule=document(field("attribute:gone", "is_set")))
    assert segment_compute(made) is None
    made.refresh_from_db()
    assert "no such field" in made.trouble


def test_what_another_computation_did_meanwhile_is_not_undone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite finds who matches without a lock: an answer that was overtaken counts for nothing."""
    if connection.vendor == "postgresql":
        pytest.skip("Computations of a segment wait for each other.")
    person = contact(site, city="Malmö")
    made = segment(site, MALMO)
    held = computing._held
    overtaking = [True]

    def overtaken(segment_id: Any) -> Any:
        if overtaking and overtaking.pop():
            Contact.objects.filter(pk=person.pk).update(city="Lund")
            Segment.objects.filter(pk=segment_id).update(computed_at=timezone.now())
        return held(segment_id)

    monkeypatch.setattr(computing, "_held", overtaken)
    assert segment_compute(made) is None
    assert members(made) == set()


def test_segments_are_due_by_their_rhythm_their_rule_and_when_they_are_new(site: Site) -> None:
    now = timezone.now()
    made = {
        name: segment(site, MALMO, name=name, every_minutes=minutes)
        for name, minutes in (("new", None), ("old", 60), ("fresh", 60), ("never", None))
    }
    off = segment(SiteFactory.create(is_active=False), MALMO)
    assert {each.name for each in segments_due(now)} == set(made)
    for name, minutes in (("old", 61), ("fresh", 59), ("never", 100_000)):
        before = now - timedelta(minutes=minutes)
        Segment.objects.filter(name=name).update(
            attempted_at=before, rule_changed_at=before, computed_at=before
        )
    assert [each.name for each in segments_due(now)] == ["new", "old"]
    Segment.objects.filter(name="never").update(rule_changed_at=now)
    assert {each.name for each in segments_due(now)} == {"new", "never", "old"}
    assert off.pk not in {each.pk for each in segments_due(now)}


def test_a_computation_whose_process_died_is_begun_again(site: Site) -> None:
    made = segment(site, MALMO, every_minutes=None)
    now = timezone.now()
    Segment.objects.filter(pk=made.pk).update(
        attempted_at=now - timedelta(minutes=4), rule_changed_at=now - timedelta(minutes=10)
    )
    assert not segments_due(now)
    assert segments_due(now + timedelta(minutes=2))
    # One that was in trouble would be so again.
    Segment.objects.update(trouble="It took too long.")
    assert not segments_due(now + timedelta(minutes=2))


def test_a_due_segment_is_computed_by_one_process(site: Site) -> None:
    seen_by_one, seen_by_other = segment(site, MALMO), Segment.objects.get()
    assert segment_claim(seen_by_one)
    assert not segment_claim(seen_by_other)


def test_the_schedule_computes_and_tells(site: Site) -> None:
    person = contact(site, city="Lund")
    made = segment(site, MALMO)
    assert compute_due_segments() == 1
    assert compute_due_segments() == 0
    Contact.objects.filter(pk=person.pk).update(city="Malmö")
    Segment.objects.update(attempted_at=timezone.now() - timedelta(days=1))
    assert compute_due_segments() == 1
    assert made.moves.get().told_at is not None


def test_a_changed_rule_is_computed_soon_and_once(site: Site) -> None:
    contact(site, city="Malmö")
    made = segment(site, MALMO)
    compute_changed_segment(str(made.pk))
    made.refresh_from_db()
    computed_at = made.computed_at
    assert computed_at is not None
    compute_changed_segment(str(made.pk))
    made.refresh_from_db()
    assert made.computed_at == computed_at
    key = str(made.pk)
    made.delete()
    compute_changed_segment(key)


def test_moves_become_events_and_a_signal(site: Site) -> None:
    saved(site, event_types=["segment.*"])
    person = contact(site, city="Lund", email="alva@example.com")
    made = segment(site, MALMO, name="People of Malmö")
    computed(made)
    Contact.objects.filter(pk=person.pk).update(city="Malmö")
    computed(made)
    heard: list[Any] = []

    def hear(*, moves: Any, **_: Any) -> None:
        heard.extend((each.contact.email, each.segment.name, each.has_entered) for each in moves)

    segments_moved.connect(hear)
    try:
        assert moves_tell(made, forever()) == 1
        assert moves_tell(made, forever()) == 0
    finally:
        segments_moved.disconnect(hear)
    assert heard == [("alva@example.com", "People of Malmö", True)]
    event = Event.objects.get(type="segment.entered")
    assert event.contact_id == person.pk
    assert event.subject == {"email": "alva@example.com"}
    assert json.loads(event.payload)["segmentName"] == "People of Malmö"
    assert Delivery.objects.filter(event=event).count() == 1
    Contact.objects.filter(pk=person.pk).update(city="")
    computed(made)
    moves_tell(made, forever())
    assert Event.objects.filter(type="segment.left").count() == 1


def test_moves_are_told_slice_by_slice_and_stay_untold_when_a_receiver_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automation.segments.telling.SLICE", 2)
    assert SLICE == 500
    made = segment(site, MALMO)
    computed(made)
    for _ in range(5):
        contact(site, city="Malmö")
    computed(made)
    slices: list[int] = []

    def fail_at_second(*, moves: Any, **_: Any) -> None:
        slices.append(len(moves))
        if len(slices) == 2:
            raise RuntimeError

    segments_moved.connect(fail_at_second)
    try:
        with pytest.raises(RuntimeError):
            moves_tell(made, forever())
        assert made.moves.filter(told_at=None).count() == 3
        assert moves_tell(made, forever()) == 3
    finally:
        segments_moved.disconnect(fail_at_second)
    assert slices == [2, 2, 2, 1]
    assert not made.moves.filter(told_at=None).exists()


def test_told_moves_go_after_their_time_and_untold_ones_stay(site: Site) -> None:
    made = segment(site, MALMO)
    computed(made)
    contact(site, city="Malmö")
    computed(made)
    later = timezone.now() + timedelta(seconds=1)
    assert sum(remove_moves(later)) == 0
    moves_tell(made, forever())
    assert sum(remove_moves(later)) == 1


def test_an_erased_contact_is_in_no_segment(site: Site) -> None:
    apply(site, {"email": "alva@example.com"}, fields={"city": "Malmö"})
    other = contact(site, city="Malmö")
    made = segment(site, MALMO)
    computed(made)
    contact(site, city="Malmö")
    computed(made)
    apply(site, {"email": "alva@example.com"}, 5, deletion=Deletion())
    made.refresh_from_db()
    assert made.member_count == 2
    assert other.pk in members(made)
    assert len(members(made)) == 2
    # Nobody is told that somebody left who asked to be forgotten.
    assert computed(made).left == 0


def test_who_becomes_one_person_stays_in_without_a_move(site: Site) -> None:
    apply(site, {"email": "alva@example.com"}, fields={"city": "Malmö"})
    apply(site, {"phone": "+46701234567"}, fields={"city": "Malmö"})
    made = segment(site, MALMO)
    computed(made)
    assert made.member_count == 2
    apply(site, {"email": "alva@example.com", "phone": "+46701234567"}, 2)
    made.refresh_from_db()
    assert made.member_count == 1
    assert members(made) == {Contact.objects.get(email="alva@example.com").pk}
    computation = computed(made)
    assert (computation.entered, computation.left) == (0, 0)


def test_a_live_test_asks_about_one_contact_now(site: Site) -> None:
    person, other = contact(site, city="Lund"), contact(site)
    made = segment(site, did("order", count=2, days=30))
    computed(made)
    activity(person, days=3)
    activity(person, days=40)
    rule, asked = read_rule(made.rule, site), [person.pk, other.pk]
    assert matching_ids(site, rule, asked) == set()
    activity(person, days=29)
    assert matching_ids(site, rule, asked) == {person.pk}
    assert members(made) == set()


def test_a_preview_counts_and_names_who_enters_and_leaves(site: Site) -> None:
    stays, leaves = contact(site, city="Malmö", first_name="A"), contact(site, city="Malmö")
    made = segment(site, MALMO)
    computed(made)
    enters = contact(site, first_name="A")
    rule = read_rule(document(field("first_name", "eq", "A")), site)
    preview = segment_preview(site, rule, made)
    assert (preview.count, preview.entering, preview.leaving) == (2, 1, 1)
    assert [each.pk for each in preview.entering_examples] == [enters.pk]
    assert [each.pk for each in preview.leaving_examples] == [leaves.pk]
    assert members(made) == {stays.pk, leaves.pk}
    everybody = segment_preview(site, empty_rule())
    assert (everybody.count, everybody.entering, everybody.leaving) == (3, 3, 0)
    assert len(everybody.entering_examples) == 3


def test_one_recomputation_at_a_time_as_a_job(site: Site) -> None:
    contact(site, city="Malmö")
    made = segment(site, MALMO)
    job = segment_recompute_start(made, ACTOR)
    assert segment_recompute_start(made, ACTOR).pk == job.pk
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert job.counts == {"members": 1, "entered": 1, "left": 0}
    Segment.objects.update(rule=document(field("attribute:gone", "is_set")))
    failing = segment_recompute_start(made, ACTOR)
    assert failing.pk != job.pk
    run_job_slice(failing.pk)
    failing.refresh_from_db()
    assert failing.state == JobState.FAILED
    assert "no such field" in failing.error


def test_members_are_exported_by_the_export_of_contacts(site: Site) -> None:
    for name, city in (("a", "Malmö"), ("b", "Lund"), ("c", "Malmö")):
        apply(
            site,
            {"email": f"{name}@example.com"},
            fields={"city": city},
            preferences={Channel.EMAIL: True},
        )
    made = segment(site, MALMO, name="People of Malmö")
    computed(made)
    file = segment_export_start(made, ACTOR)
    worked(file.job)
    text = "".join(whole_text(file))
    assert {row["email"] for row in rows_of(text)} == {"a@example.com", "c@example.com"}
    entry = AuditEntry.objects.get(action="contact_export.started")
    assert entry.changes["which"] == [None, "segment People of Malmö"]
    empty = segment(site, field("city", "eq", "Nowhere"), name="Empty")
    with pytest.raises(ValidationError, match="nobody"):
        segment_export_start(empty, ACTOR)


def test_a_segment_is_stored_audited_and_keeps_what_it_was(site: Site) -> None:
    made = segment(site, MALMO, name="  People \n of Malmö ", description="x")
    assert made.name == "People   of Malmö"
    changed_at = made.rule_changed_at
    rule = read_rule(made.rule, site)
    made.name = "Malmö"
    segment_save(segment=made, rule=rule, actor=ACTOR)
    assert made.rule_changed_at == changed_at
    segment_save(segment=made, rule=empty_rule(), actor=ACTOR)
    assert made.rule_changed_at > changed_at
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["segment.created", "segment.updated", "segment.updated"]


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"name": " "}, "name"),
        ({"name": "Taken"}, "name"),
        ({"every_minutes": 4}, "every_minutes"),
        ({"every_minutes": 10_081}, "every_minutes"),
    ],
)
def test_what_cannot_be_a_segment_is_told_by_field(
    site: Site, values: dict[str, Any], place: str
) -> None:
    segment(site, MALMO, name="Taken")
    with pytest.raises(ValidationError) as caught:
        segment(site, MALMO, **{"name": "New"} | values)
    assert list(caught.value.message_dict) == [place]


def test_a_segment_goes_with_its_members_and_uses(site: Site) -> None:
    contact(site, city="Malmö")
    made = segment(site, MALMO)
    computed(made)
    segment_delete(segment=made, actor=ACTOR)
    assert not Segment.objects.exists()
    assert not SegmentMember.objects.exists()
    assert not Use.objects.exists()
    with pytest.raises(ValidationError, match="meantime"):
        segment_delete(segment=made, actor=ACTOR)
