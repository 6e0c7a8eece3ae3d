"""The same visitor at the same moment: real threads, real connections, one retailer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Condition, get_ident
from time import sleep

import pytest
from django.db import connection
from django.utils import timezone

from contacts.models import Contact
from integrations.models import GenericApi
from onsite.flow import claiming, steps
from onsite.flow.causes import INTERRUPTED
from onsite.interrupted import end_interrupted_submissions
from onsite.models import State, Submission
from tests.onsite.campaign import JANE, Answer, Campaign
from tests.onsite.retailer import Retailer

pytestmark = [pytest.mark.network, pytest.mark.django_db(transaction=True)]

OVER = timedelta(minutes=5)


class Visitors:
    """Sends that run beside the test, each on a connection of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def send(self, campaign: Campaign, *args: object, **kwargs: object) -> Future[Answer]:
        def run() -> Answer:
            try:
                return campaign.send(*args, **kwargs)  # type: ignore[arg-type]
            finally:
                connection.close()

        return self._pool.submit(run)


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(ThreadPoolExecutor(8))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that returns once so many submissions wait for another."""
    waiting: set[int] = set()
    changed = Condition()
    pause = sleep

    def noted(seconds: float) -> None:
        with changed:
            waiting.add(get_ident())
            changed.notify_all()
        pause(seconds)

    def wait(number: int) -> None:
        with changed:
            assert changed.wait_for(lambda: len(waiting) >= number, timeout=120)

    monkeypatch.setattr(claiming, "sleep", noted)
    return wait


def arrived(retailer: Retailer) -> None:
    assert retailer.arrived.acquire(timeout=120)


@pytest.mark.parametrize("key", [None, "click-1"])
def test_a_double_click_is_one_submission_and_all_get_its_answer(
    campaign: Campaign,
    retailer: Retailer,
    visitors: Visitors,
    waits: Callable[[int], None],
    key: str | None,
) -> None:
    retailer.open_door.clear()
    sent = [visitors.send(campaign, idempotency_key=key) for _ in range(6)]
    arrived(retailer)
    waits(5)
    retailer.open_door.set()
    answers = [each.result(240) for each in sent]
    assert {answer.status for answer in answers} == {200}
    assert {answer.body["id"] for answer in answers} == {str(campaign.submission.pk)}
    assert (len(retailer.lookups), len(retailer.writes)) == (1, 1)
    assert Contact.objects.count() == 1


def test_a_blocked_answer_is_shared_as_well(
    campaign: Campaign, retailer: Retailer, visitors: Visitors, waits: Callable[[int], None]
) -> None:
    retailer.lookup_status = 401
    retailer.open_door.clear()
    sent = [visitors.send(campaign) for _ in range(2)]
    arrived(retailer)
    waits(1)
    retailer.open_door.set()
    first, second = (each.result(240) for each in sent)
    assert (first.status, first.body) == (second.status, second.body) == (502, first.body)
    assert len(retailer.lookups) == 1


def test_another_body_of_the_visitor_waits_and_then_finds_them_known(
    campaign: Campaign, retailer: Retailer, visitors: Visitors, waits: Callable[[int], None]
) -> None:
    retailer.open_door.clear()
    first = visitors.send(campaign, role="friend")
    arrived(retailer)
    second = visitors.send(campaign, role="ambassador")
    waits(1)
    assert len(retailer.lookups) == 0
    assert Submission.objects.count() == 1
    retailer.open_door.set()
    assert first.result(240).body["redeal"] == "NewFriend"
    assert second.result(240).body["redeal"] == "ExistingAmbassador"
    assert Contact.objects.get().attributes["redeal"] == "ExistingAmbassador"


def test_equal_bodies_under_two_keys_are_two_submissions(
    campaign: Campaign, retailer: Retailer, visitors: Visitors
) -> None:
    sent = [visitors.send(campaign, idempotency_key=key) for key in ("a", "b")]
    tags = sorted(str(each.result(240).body["redeal"]) for each in sent)
    assert tags == ["ExistingFriend", "NewFriend"]


def test_the_key_of_a_running_submission_with_another_body(
    campaign: Campaign, retailer: Retailer, visitors: Visitors
) -> None:
    retailer.open_door.clear()
    first = visitors.send(campaign, idempotency_key="a")
    arrived(retailer)
    other = campaign.send("kim@example.com", idempotency_key="a")
    assert (other.status, other.body["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    retailer.open_door.set()
    assert first.result(240).status == 200


def test_who_waited_as_long_as_any_lease_is_told_to_come_back(
    campaign: Campaign, retailer: Retailer, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "LONGEST_LEASE", timedelta(milliseconds=50))
    retailer.open_door.clear()
    first = visitors.send(campaign)
    arrived(retailer)
    answer = campaign.send(role="signup")
    assert (answer.status, answer.body["code"]) == (409, "SUBMISSION_IN_PROGRESS")
    assert int(answer.headers["Retry-After"]) > 0
    retailer.open_door.set()
    assert first.result(240).status == 200


def test_different_visitors_do_not_wait_for_each_other(
    campaign: Campaign, retailer: Retailer, visitors: Visitors
) -> None:
    retailer.open_door.clear()
    sent = [visitors.send(campaign, f"p{number}@example.com") for number in range(4)]
    for _ in sent:
        arrived(retailer)
    retailer.open_door.set()
    assert {each.result(240).status for each in sent} == {200}
    assert Contact.objects.count() == 4


def test_one_new_person_under_two_names_is_never_two_contacts(
    own_campaign: Campaign, visitors: Visitors
) -> None:
    both = {"email": JANE, "phone": "+46701234567"}
    sent = [
        visitors.send(own_campaign, contact)
        for contact in (both, {"phone": "+46701234567"}, JANE, both)
    ]
    assert {each.result(240).status for each in sent} == {200}
    own_campaign.send(both)
    assert Contact.objects.filter(deleted_at=None, email=JANE).count() == 1
    assert Contact.objects.filter(deleted_at=None, phone="+46701234567").count() == 1


class TestLeftBehind:
    """A process that was killed between any two steps."""

    @pytest.fixture
    def left_behind(self, campaign: Campaign, retailer: Retailer) -> Submission:
        """Leave a submission as it stands after the look-up."""
        retailer.write_status = 400
        campaign.send(idempotency_key="a")
        retailer.write_status = None
        Submission.objects.update(
            state=State.RUNNING,
            lease_expires_at=timezone.now() - OVER,
            code="",
            reason="",
            write_outcome="",
            finished_at=None,
            answer_status=None,
            answer={},
        )
        return campaign.submission

    def test_its_own_repeat_takes_it_over(
        self, campaign: Campaign, retailer: Retailer, left_behind: Submission
    ) -> None:
        # Known by now: the tag that was decided stays.
        retailer.knows(e_mail=JANE)
        answer = campaign.send(idempotency_key="a")
        assert (answer.status, answer.body["redeal"]) == (200, "NewFriend")
        assert answer.body["id"] == str(left_behind.pk)
        assert campaign.submission.sent == 2
        assert len(retailer.lookups) == 1

    def test_another_of_the_visitor_ends_it(
        self, campaign: Campaign, left_behind: Submission
    ) -> None:
        assert campaign.send().status == 200
        left_behind.refresh_from_db()
        assert (left_behind.state, left_behind.code) == (State.BLOCKED, INTERRUPTED)
        # What got through afterwards is newer: the repeat must not overwrite it.
        repeat = campaign.send(idempotency_key="a")
        assert (repeat.status, repeat.body["code"]) == (502, INTERRUPTED)

    def test_the_clock_ends_it_and_a_repeat_still_runs_it(
        self, campaign: Campaign, left_behind: Submission
    ) -> None:
        assert end_interrupted_submissions() == 1
        assert end_interrupted_submissions() == 0
        left_behind.refresh_from_db()
        assert left_behind.answer["code"] == left_behind.code == INTERRUPTED
        assert campaign.send(idempotency_key="a").status == 200

    def test_its_repeat_ends_another_that_was_left_behind(
        self, campaign: Campaign, left_behind: Submission
    ) -> None:
        end_interrupted_submissions()
        other = Submission.objects.create(
            site=campaign.site,
            register=left_behind.register,
            received_at=timezone.now() - OVER,
            lease_expires_at=timezone.now() - OVER,
            visitor_key=left_behind.visitor_key,
            body_digest="another",
            role="signup",
        )
        assert campaign.send(idempotency_key="a").status == 200
        other.refresh_from_db()
        assert other.code == INTERRUPTED

    def test_one_that_still_runs_is_left_alone(self, left_behind: Submission) -> None:
        Submission.objects.update(lease_expires_at=timezone.now() + OVER)
        assert end_interrupted_submissions() == 0

    def test_many_who_meet_it_run_it_once(
        self,
        campaign: Campaign,
        retailer: Retailer,
        visitors: Visitors,
        left_behind: Submission,
    ) -> None:
        before = len(retailer.writes)
        sent = [visitors.send(campaign, idempotency_key="a") for _ in range(6)]
        assert {each.result(240).body["id"] for each in sent} == {str(left_behind.pk)}
        assert len(retailer.writes) == before + 1


def test_a_process_that_outlives_its_lease_changes_nothing(
    campaign: Campaign, retailer: Retailer, visitors: Visitors
) -> None:
    retailer.open_door.clear()
    slow = visitors.send(campaign)
    arrived(retailer)
    Submission.objects.update(lease_expires_at=timezone.now() - OVER)
    end_interrupted_submissions()
    retailer.open_door.set()
    answer = slow.result(240)
    assert (answer.status, answer.body["code"]) == (502, INTERRUPTED)
    assert not Contact.objects.exists()


def test_an_api_that_is_switched_off_meanwhile_is_not_called(
    campaign: Campaign, retailer: Retailer, visitors: Visitors, waits: Callable[[int], None]
) -> None:
    retailer.open_door.clear()
    first = visitors.send(campaign)
    arrived(retailer)
    second = visitors.send(campaign, role="ambassador")
    waits(1)
    GenericApi.objects.update(is_active=False)
    retailer.open_door.set()
    assert first.result(240).status == 200
    assert second.result(240).body["code"] == "SWITCHED_OFF"
    assert (len(retailer.lookups), len(retailer.writes)) == (1, 1)


def test_a_fault_of_ours_leaves_nobody_waiting(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(steps, "contact_change", broken)
        assert campaign.send().status == 500
    assert campaign.submission.code == INTERRUPTED
    assert campaign.send().status == 200
