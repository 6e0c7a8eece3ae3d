"""Sending again what did not reach the register: one, or many by plan and job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from contacts.models import Activity, Contact
from contacts.services import ChangeSource, contact_apply
from integrations.contact_change import ContactChange, Deletion, Identity
from integrations.models import ApiCall, Outcome, Purpose
from onsite.flow import capacity
from onsite.models import State, Submission
from onsite.resending import resend
from onsite.resending.job import run_resend
from onsite.resending.obstacles import SENTENCES, SKIPPED, Obstacle, resendable
from onsite.resending.plan import resend_plan
from onsite.resending.resend import KIND, resend_start, submission_resend
from onsite.resending.resend_filter import ResendFilter
from sites.audit import Actor
from sites.jobs import job_cancel, run_job_slice
from sites.models import AuditEntry, Job, JobState, Site
from tests.factories import SiteFactory, SuperuserFactory, UserFactory
from tests.onsite.campaign import JANE, Campaign
from tests.onsite.retailer import Retailer, retailer_api

pytestmark = [pytest.mark.network, pytest.mark.django_db]

STAFF = Actor.system("kim")


@pytest.fixture
def blocked(campaign: Campaign, retailer: Retailer) -> Submission:
    """A submission that was blocked at the write; the retailer works again."""
    retailer.write_status = 400
    campaign.send(conversion={"reference": "A-1"}, idempotency_key="a")
    retailer.write_status = None
    return campaign.submission


def assert_not_resendable(submission: Submission, obstacle: Obstacle) -> None:
    submission.refresh_from_db()
    assert resendable(submission) == SENTENCES[obstacle]
    with pytest.raises(ValidationError, match=SENTENCES[obstacle][:20]):
        submission_resend(submission=submission, actor=STAFF)


def test_a_blocked_write_is_sent_again_with_the_tag_that_was_decided(
    campaign: Campaign, retailer: Retailer, blocked: Submission
) -> None:
    retailer.knows(e_mail=JANE)
    assert resendable(blocked) == ""
    ended = submission_resend(submission=blocked, actor=STAFF)
    assert (ended.state, ended.code, ended.reason, ended.sent) == (State.CONTINUED, "", "", 2)
    assert [write["redeal"] for write in retailer.writes] == ["ConvertedFriend"] * 2
    assert len(retailer.lookups) == 1
    assert ended.contact_id == Contact.objects.get().pk
    assert {each.occurred_at for each in Activity.objects.all()} == {blocked.received_at}
    purposes = ApiCall.objects.filter(submission_id=ended.pk).order_by("pk")
    assert [call.purpose for call in purposes][-1] == Purpose.RESEND
    # Whoever repeats the request gets the newer answer.
    assert campaign.send(conversion={"reference": "A-1"}, idempotency_key="a").status == 200


def test_a_blocked_lookup_is_made_anew(campaign: Campaign, retailer: Retailer) -> None:
    retailer.lookup_status = 401
    campaign.send()
    retailer.lookup_status = None
    retailer.knows(e_mail=JANE, name="Jane Doe")
    ended = submission_resend(submission=campaign.submission, actor=STAFF)
    assert (ended.is_known, ended.tag) == (True, "ExistingFriend")
    assert ended.answer["contact"] == {"email": JANE, "name": "Jane Doe"}
    assert Contact.objects.get().first_name == "Jane"


def test_an_ignored_write_is_sent_again_and_recorded_once(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.write_status = 409
    campaign.send(conversion=True)
    retailer.write_status = None
    ended = submission_resend(submission=campaign.submission, actor=STAFF)
    assert ended.write_outcome == Outcome.CREATED
    assert Activity.objects.count() == 2
    assert_not_resendable(ended, Obstacle.WENT_THROUGH)


def test_one_that_is_blocked_again_stays_blocked(retailer: Retailer, blocked: Submission) -> None:
    retailer.write_status = 403
    ended = submission_resend(submission=blocked, actor=STAFF)
    assert (ended.state, ended.code, ended.answer_status) == (State.BLOCKED, "WRITE_STATUS", 502)
    assert resendable(ended) == ""


def test_the_obstacles(campaign: Campaign, retailer: Retailer, blocked: Submission) -> None:
    api = retailer_api(campaign.site, retailer, is_active=False)
    assert_not_resendable(blocked, Obstacle.SWITCHED_OFF)
    api.is_active = True
    api.save()
    Submission.objects.update(state=State.RUNNING)
    assert_not_resendable(blocked, Obstacle.RUNNING)
    Submission.objects.update(state=State.BLOCKED, visitor={})
    assert_not_resendable(blocked, Obstacle.ERASED)
    blocked.delete()
    assert resendable(blocked)


def test_an_older_fact_never_overwrites_a_newer_one(
    campaign: Campaign, retailer: Retailer, blocked: Submission
) -> None:
    retailer.write_status = 409
    campaign.send(role="ambassador")
    newer = campaign.submission
    # The newer one did not reach the retailer either.
    assert resendable(blocked) == ""
    retailer.write_status = None
    submission_resend(submission=newer, actor=STAFF)
    assert_not_resendable(blocked, Obstacle.SUPERSEDED)
    assert Contact.objects.get().attributes["redeal"] == "NewAmbassador"


def test_a_change_of_the_contact_since_then_stays(campaign: Campaign, retailer: Retailer) -> None:
    retailer.write_status = 400
    campaign.send({"email": JANE, "name": "Jane Old"})
    change = ContactChange(
        identity=Identity(email=JANE),
        fields={"first_name": "Jane", "last_name": "New"},
        occurred_at=timezone.now(),
    )
    source = ChangeSource(key="x", label="Shop", received_at=timezone.now())
    contact_apply(site=campaign.site, change=change, source=source)
    retailer.write_status = None
    submission_resend(submission=campaign.submission, actor=STAFF)
    assert Contact.objects.get().last_name == "New"


def test_an_erased_visitor_is_not_sent_again(campaign: Campaign, retailer: Retailer) -> None:
    retailer.write_status = 409
    campaign.send()
    change = ContactChange(identity=Identity(email=JANE), deletion=Deletion(reason="asked for"))
    source = ChangeSource(key="x", label="Shop", received_at=timezone.now())
    contact_apply(site=campaign.site, change=change, source=source)
    assert_not_resendable(campaign.submission, Obstacle.ERASED)


def test_a_visitor_who_is_at_it_now_is_left_alone(campaign: Campaign, blocked: Submission) -> None:
    Submission.objects.create(
        site=campaign.site,
        register=blocked.register,
        received_at=timezone.now(),
        lease_expires_at=timezone.now() + timedelta(minutes=1),
        visitor_key=blocked.visitor_key,
        body_digest="",
        role="friend",
    )
    with pytest.raises(ValidationError, match="at this moment"):
        submission_resend(submission=blocked, actor=STAFF)


@pytest.mark.django_db(transaction=True)
def test_two_of_staff_at_once_send_it_once(retailer: Retailer, blocked: Submission) -> None:
    retailer.open_door.clear()
    before = len(retailer.writes)

    def run(_: int) -> str:
        try:
            return submission_resend(submission=blocked, actor=STAFF).state
        except ValidationError:
            # Who is refused lets the other one finish.
            retailer.open_door.set()
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(run, range(2)))
    assert results == ["continued", "refused"]
    assert len(retailer.writes) == before + 1


def test_staff_wait_for_a_place_like_visitors_do(
    blocked: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = BoundedSemaphore(1)
    monkeypatch.setattr(capacity, "_slots", places)
    with places, pytest.raises(ValidationError, match="Try again"):
        submission_resend(submission=blocked, actor=STAFF)
    assert submission_resend(submission=blocked, actor=STAFF).state == State.CONTINUED


def test_sending_again_is_audited_without_the_person(blocked: Submission) -> None:
    submission_resend(submission=blocked, actor=STAFF)
    entry = AuditEntry.objects.get(action="submission.resent")
    assert entry.actor_label == "kim"
    assert entry.changes == {
        "state": ["blocked", "continued"],
        "write_outcome": ["blocked", "created"],
        "code": ["WRITE_STATUS", ""],
    }


class TestMany:
    """A plan, and the job that does what it says."""

    @pytest.fixture
    def filters(self, campaign: Campaign, retailer: Retailer) -> ResendFilter:
        """Of five visitors: two blocked, one ignored, one overtaken, one who went through."""
        retailer.write_status = 400
        campaign.send("blocked1@example.com")
        campaign.send("overtaken@example.com")
        retailer.write_status = 409
        campaign.send("ignored@example.com")
        retailer.write_status = None
        retailer.lookup_status = 401
        campaign.send("blocked2@example.com", role="signup")
        retailer.lookup_status = None
        campaign.send("overtaken@example.com")
        retailer.lookups.clear()
        retailer.writes.clear()
        return ResendFilter(site_ids=(campaign.site.pk,))

    def finish(self, job: Job) -> Job:
        run_job_slice(job.pk)
        job.refresh_from_db()
        return job

    def test_the_plan_says_what_would_be_sent_and_what_not(self, filters: ResendFilter) -> None:
        plan = resend_plan(filters=filters)
        assert plan.total == 3
        assert plan.by_code == {"WRITE_STATUS": 1, "LOOKUP_STATUS": 1, "": 1}
        assert [each.visitor["email"].partition("@")[0] for each in plan.samples] == [
            "blocked1", "ignored", "blocked2",
        ]  # fmt: skip
        assert (plan.first_at, plan.last_at) == (
            plan.samples[0].received_at,
            plan.samples[-1].received_at,
        )
        assert {each.reason: each.count for each in plan.skipped} == {
            SKIPPED[Obstacle.SUPERSEDED]: 1,
            SKIPPED[Obstacle.WENT_THROUGH]: 1,
        }

    def test_the_job_sends_them_oldest_first(
        self, filters: ResendFilter, campaign: Campaign, retailer: Retailer
    ) -> None:
        job = resend_start(filters=filters, site=campaign.site, actor=STAFF)
        assert (job.kind, job.total, job.title) == (KIND, 3, "Send 3 submissions again")
        job = self.finish(job)
        assert (job.state, job.done, job.counts) == (JobState.DONE, 3, {"continued": 3})
        assert [write["e_mail"] for write in retailer.writes] == [
            "blocked1@example.com", "ignored@example.com", "blocked2@example.com",
        ]  # fmt: skip
        assert resend_plan(filters=filters).total == 0
        started = AuditEntry.objects.get(action="resend.started")
        assert started.changes["site_ids"] == [None, [campaign.site.pk]]
        assert AuditEntry.objects.filter(action="job.finished").exists()

    def test_what_comes_after_the_plan_is_not_part_of_it(
        self, filters: ResendFilter, campaign: Campaign, retailer: Retailer
    ) -> None:
        plan = resend_plan(filters=filters)
        retailer.write_status = 400
        campaign.send("late@example.com")
        retailer.write_status = None
        job = resend_start(filters=plan.filters, site=campaign.site, actor=STAFF)
        self.finish(job)
        assert campaign.submission.state == State.BLOCKED

    def test_one_that_is_overtaken_meanwhile_is_skipped(
        self, filters: ResendFilter, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = resend_start(filters=filters, site=campaign.site, actor=STAFF)
        chosen = resendable

        def then_overtaken(submission: Submission) -> str:
            found = chosen(submission)
            if submission.visitor["email"] == "blocked1@example.com":
                assert campaign.send("blocked1@example.com").status == 200
            return found

        monkeypatch.setattr(resend, "resendable", then_overtaken)
        assert self.finish(job).counts == {"skipped": 1, "continued": 2}

    def test_a_job_that_is_cancelled_stops_between_two(
        self, filters: ResendFilter, campaign: Campaign, retailer: Retailer
    ) -> None:
        job = resend_start(filters=filters, site=campaign.site, actor=STAFF)
        assert run_resend(job) is False
        job.save()
        job_cancel(job=job, actor=STAFF)
        assert self.finish(job).state == JobState.CANCELLED
        assert len(retailer.writes) == 1

    def test_a_slice_that_comes_twice_sends_once(
        self, filters: ResendFilter, campaign: Campaign, retailer: Retailer
    ) -> None:
        job = resend_start(filters=filters, site=campaign.site, actor=STAFF)
        # Killed after the call and before its progress was recorded.
        run_resend(Job.objects.get(pk=job.pk))
        assert self.finish(job).state == JobState.DONE
        names = [write["e_mail"] for write in retailer.writes]
        assert sorted(names) == sorted(set(names))

    @pytest.mark.parametrize(
        ("narrowed", "total"),
        [
            ({"state": "blocked"}, 2),
            ({"state": "running"}, 0),
            ({"role": "signup"}, 1),
            ({"tag": "NewFriend"}, 2),
            ({"code": "LOOKUP_STATUS"}, 1),
            ({"received_until": timezone.now() - timedelta(days=1)}, 0),
            ({"received_from": timezone.now() - timedelta(days=1)}, 3),
        ],
    )
    def test_filters_survive_in_a_job(
        self, filters: ResendFilter, narrowed: dict[str, Any], total: int
    ) -> None:
        chosen = ResendFilter(site_ids=filters.site_ids, **narrowed)
        assert ResendFilter.from_json(chosen.as_json()) == chosen
        assert resend_plan(filters=chosen).total == total

    def test_chosen_ones(self, filters: ResendFilter) -> None:
        ids = tuple(each.pk for each in resend_plan(filters=filters).samples[:2])
        chosen = ResendFilter(site_ids=filters.site_ids, ids=ids)
        assert ResendFilter.from_json(chosen.as_json()) == chosen
        assert resend_plan(filters=chosen).total == 2

    def test_nothing_to_send_and_sites_that_do_not_fit(
        self, filters: ResendFilter, campaign: Campaign
    ) -> None:
        elsewhere: Site = SiteFactory.create()
        member = Actor(user=UserFactory.create(), label="member")
        for site, actor in ((elsewhere, STAFF), (None, member)):
            with pytest.raises(ValidationError):
                resend_start(filters=filters, site=site, actor=actor)
        assert not Job.objects.exists()
        boss = Actor(user=SuperuserFactory.create(), label="boss")
        assert resend_start(filters=filters, site=None, actor=boss).total == 3
