from __future__ import annotations

from datetime import timedelta

from common.identifiers import row_id_floor
from contacts.models import Activity, ContactRevision
from contacts.services import ChangeKind
from integrations.contact_change import ActivityFact
from sites.models import Site
from tests.contacts.changes import apply, at, source

JANE = {"email": "jane@example.com"}


def test_an_activity_is_recorded_with_its_event(site: Site) -> None:
    apply(site, JANE, 1)
    by = source("src_webengage", position=3)
    fact = ActivityFact(type="email_click", properties={"link": "x"}, occurred_at=at(2))
    result = apply(site, JANE, 5, by=by, activities=(fact,))
    activity = Activity.objects.get()
    assert (result.kind, result.activities, result.changes) == (
        ChangeKind.CHANGED,
        ("email_click",),
        {},
    )
    assert (activity.type, activity.properties) == ("email_click", {"link": "x"})
    assert activity.occurred_at == at(2)
    assert activity.received_event_id == by.received_event_id
    assert ContactRevision.objects.count() == 1


def test_processing_an_event_again_records_nothing_again(site: Site) -> None:
    by = source()
    facts = (ActivityFact(type="view"), ActivityFact(type="view"))
    first = apply(site, JANE, by=by, activities=facts)
    again = apply(site, JANE, by=by, activities=facts)
    assert (first.activities, again.activities) == (("view", "view"), ())
    assert again.kind is ChangeKind.UNCHANGED
    assert Activity.objects.count() == 2
    apply(site, JANE, by=source(), activities=facts)
    assert Activity.objects.count() == 4


def test_rows_of_one_event_are_told_apart(site: Site) -> None:
    event = source().received_event_id
    for position in range(3):
        by = source(received_event_id=event, position=position)
        apply(site, JANE, by=by, activities=(ActivityFact(type="view"),))
    assert Activity.objects.count() == 3


def test_a_key_makes_an_upsert_that_older_news_do_not_undo(site: Site) -> None:
    def reply(minute: int, text: str) -> tuple[ActivityFact, ...]:
        properties = {"text": text}
        fact = ActivityFact(type="reply", key="r1", properties=properties, occurred_at=at(minute))
        return (fact,)

    assert apply(site, JANE, activities=reply(5, "a")).activities == ("reply",)
    assert apply(site, JANE, activities=reply(5, "a")).activities == ()
    assert apply(site, JANE, activities=reply(6, "b")).activities == ("reply",)
    assert apply(site, JANE, activities=reply(4, "c")).activities == ()
    activity = Activity.objects.get()
    assert (activity.properties, activity.occurred_at) == ({"text": "b"}, at(6))


def test_one_key_twice_in_one_event_is_one_activity(site: Site) -> None:
    facts = tuple(
        ActivityFact(type="reply", key="r1", properties={"n": n}, occurred_at=at(n)) for n in (2, 1)
    )
    apply(site, JANE, activities=facts)
    assert Activity.objects.get().properties == {"n": 2}


def test_keys_that_differ_only_beyond_the_column_stay_two(site: Site) -> None:
    facts = tuple(ActivityFact(type="reply", key="k" * 300 + end) for end in "ab")
    apply(site, JANE, activities=facts)
    assert Activity.objects.count() == 2


def test_ids_of_activities_sort_by_the_time_of_their_event(site: Site) -> None:
    events = [row_id_floor(at(minute)) for minute in range(3)]
    for event in reversed(events):
        by = source(received_event_id=event)
        apply(site, JANE, by=by, activities=(ActivityFact(type="view"),))
    stored = Activity.objects.order_by("pk").values_list("received_event_id", flat=True)
    assert list(stored) == events


def test_a_time_in_the_future_is_that_of_reception(site: Site) -> None:
    by = source()
    fact = ActivityFact(type="view", occurred_at=by.received_at + timedelta(days=2))
    apply(site, JANE, by=by, activities=(fact,))
    assert Activity.objects.get().occurred_at == by.received_at
