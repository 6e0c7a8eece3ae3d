from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.identifiers import row_id_floor
from integrations.causes import RejectionCause
from sites.audit import Actor
from sites.jobs import job_cancel, run_job_slice
from sites.models import AuditEntry, Job, JobState, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.received import received_event, rejected_request
from webhooks.inbound.models import ReceivedEvent, Source, Status
from webhooks.inbound.models.received_event import TROUBLED
from webhooks.inbound.replaying import replay
from webhooks.inbound.replaying.replay import replay_plan, replay_start
from webhooks.inbound.replaying.replay_filter import ReplayFilter
from webhooks.inbound.replaying.reprocessing import (
    UNUSABLE,
    VERIFIED,
    needs_vouching,
    rejected_request_reprocess,
    why_not_reprocessable,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def source(site: Site) -> Source:
    return SourceFactory.create(
        site=site, preset_key="generic_json", settings={"email_pointer": "/email"}
    )


@pytest.fixture
def everything(site: Site) -> ReplayFilter:
    return ReplayFilter(site_ids=(site.pk,))


def run(job: Job) -> Job:
    run_job_slice(job.pk)
    job.refresh_from_db()
    return job


def test_plan_says_how_many_from_when_to_when_and_what_is_skipped(
    source: Source, everything: ReplayFilter
) -> None:
    noon = timezone.now()
    for number, status in enumerate([*Status, Status.FAILED]):
        at = noon + timedelta(minutes=number)
        received_event(source, status, at, id=row_id_floor(at))
    received_event(source, Status.FAILED, noon, body=None, body_bytes=9)

    plan = replay_plan(filters=everything)

    assert plan.total == 4
    assert plan.by_status == {
        Status.FAILED: 2, Status.IGNORED: 1, Status.PARTLY_PROCESSED: 1,
    }  # fmt: skip
    statuses = list(Status)
    assert plan.first_at == noon + timedelta(minutes=statuses.index(Status.PARTLY_PROCESSED))
    assert plan.last_at == noon + timedelta(minutes=len(statuses))
    assert [(skipped.count, skipped.reason) for skipped in plan.skipped] == [
        (1, "already had their effect"),
        (1, "are being processed right now"),
        (1, "wait to be processed already"),
        (1, "have no body any more: retention removed it"),
    ]


def test_uncounted_skips_are_marked(
    source: Source, everything: ReplayFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sites.skipped.COUNTED", 2)
    for _ in range(4):
        received_event(source, Status.PROCESSED)
    (skipped,) = replay_plan(filters=everything).skipped
    assert (skipped.count, skipped.is_more) == (2, True)


def test_each_condition_narrows(source: Source, everything: ReplayFilter) -> None:
    now = timezone.now()
    wanted = received_event(
        source, Status.FAILED, now, id=row_id_floor(now), event_type="a", cause="BAD_ROW"
    )
    others = {
        "ids": received_event(source, Status.FAILED, event_type="a", cause="BAD_ROW"),
        "source_id": received_event(SourceFactory.create(site=source.site), Status.FAILED),
        "statuses": received_event(source, Status.IGNORED),
        "event_type": received_event(source, Status.FAILED, event_type="b"),
        "cause": received_event(source, Status.FAILED, cause="OTHER"),
        "received_from": received_event(
            source, Status.FAILED, id=row_id_floor(now - timedelta(hours=1))
        ),
        "received_until": received_event(
            source, Status.FAILED, id=row_id_floor(now + timedelta(hours=1))
        ),
    }
    values: dict[str, Any] = {
        "ids": (wanted.pk,),
        "source_id": source.pk,
        "statuses": ("failed",),
        "event_type": "a",
        "cause": "BAD_ROW",
        "received_from": now - timedelta(minutes=1),
        "received_until": now + timedelta(minutes=1),
    }
    for name, excluded in others.items():
        narrowed = replace(everything, **{name: values[name]})
        found = set(narrowed.events())
        assert wanted in found, name
        assert excluded not in found, name


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans with the values")
def test_plan_reads_the_small_index_of_events_in_trouble(
    source: Source, everything: ReplayFilter
) -> None:
    for _ in range(50):
        received_event(source, Status.PROCESSED)
    received_event(source, Status.FAILED)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for filters in (everything, replace(everything, statuses=("failed",))):
        assert "received_troubled" in replay._replayable(filters).explain()
    with CaptureQueriesContext(connection) as captured:
        replay._next_keys(everything, after=None)
    assert len(captured) == len(TROUBLED)
    with connection.cursor() as cursor:
        for query in captured:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
            plan = str(cursor.fetchall())
            assert "received_troubled" in plan
            assert "TEMP B-TREE" not in plan


def test_filter_of_other_sites_finds_nothing(source: Source) -> None:
    event = received_event(source, Status.FAILED)
    stranger = ReplayFilter(site_ids=(SiteFactory.create().pk,), ids=(event.pk,))
    assert not stranger.events().exists()
    assert not ReplayFilter(site_ids=()).events().exists()


def test_filter_survives_a_job(source: Source) -> None:
    now = timezone.now()
    event = received_event(source, Status.FAILED)
    full = ReplayFilter(
        site_ids=(1, 2), ids=(event.pk,), source_id=3, statuses=("failed",), event_type="a",
        cause="b", received_from=now, received_until=now, upper_id=event.pk,
        include_processed=True,
    )  # fmt: skip
    assert all(getattr(full, field.name) for field in fields(full))
    assert ReplayFilter.from_json(json.loads(json.dumps(full.as_json()))) == full


def test_replayed_event_waits_for_the_worker_again(
    source: Source, site: Site, everything: ReplayFilter
) -> None:
    before = timezone.now() - timedelta(days=1)
    event = received_event(
        source, Status.FAILED, before, attempts=3, cause="CRASHED", reason="It crashed."
    )
    untouched = received_event(source, Status.PROCESSED, before)
    job = run(replay_start(filters=everything, site=site, actor=SYSTEM))

    assert (job.state, job.done, job.counts) == (JobState.DONE, 1, {"replayed": 1})
    event.refresh_from_db()
    assert (event.status, event.attempts, event.cause, event.reason) == ("received", 0, "", "")
    assert event.due_at > before
    (entry,) = event.history
    assert (entry["what"], entry["by"]) == ("replayed", "test")
    untouched.refresh_from_db()
    assert untouched.status == Status.PROCESSED
    assert AuditEntry.objects.filter(action="replay.started").exists()


def test_many_are_replayed_in_slices_and_once_each(
    source: Source, site: Site, everything: ReplayFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "SLICE", 3)
    for _ in range(8):
        received_event(source, Status.IGNORED)
    job = run(replay_start(filters=everything, site=site, actor=SYSTEM))
    assert (job.state, job.done) == (JobState.DONE, 8)
    assert {len(event.history) for event in ReceivedEvent.objects.all()} == {1}


def test_what_arrives_after_the_plan_is_left_alone(
    source: Source, site: Site, everything: ReplayFilter
) -> None:
    received_event(source, Status.FAILED)
    plan = replay_plan(filters=everything)
    late = received_event(source, Status.FAILED)
    run(replay_start(filters=plan.filters, site=site, actor=SYSTEM))
    late.refresh_from_db()
    assert late.status == Status.FAILED


def test_event_taken_by_a_worker_meanwhile_is_left_alone(
    source: Source, site: Site, everything: ReplayFilter
) -> None:
    event = received_event(source, Status.FAILED)
    job = replay_start(filters=everything, site=site, actor=SYSTEM)
    ReceivedEvent.objects.update(status=Status.PROCESSING, lease_owner="worker")
    run(job)
    event.refresh_from_db()
    assert (event.status, event.lease_owner) == (Status.PROCESSING, "worker")


def test_cancelled_replay_stops(source: Source, site: Site, everything: ReplayFilter) -> None:
    received_event(source, Status.FAILED)
    job = replay_start(filters=everything, site=site, actor=SYSTEM)
    job_cancel(job=job, actor=SYSTEM)
    assert run(job).state == JobState.CANCELLED
    assert ReceivedEvent.objects.get().status == Status.FAILED


def test_processed_events_are_replayed_only_when_asked_for(
    source: Source, site: Site, everything: ReplayFilter
) -> None:
    received_event(source, Status.PROCESSED)
    with pytest.raises(ValidationError, match="None of these"):
        replay_start(filters=everything, site=site, actor=SYSTEM)
    run(replay_start(filters=replace(everything, include_processed=True), site=site, actor=SYSTEM))
    assert ReceivedEvent.objects.get().status == Status.RECEIVED


def test_job_of_one_site_never_touches_another(
    source: Source, site: Site, member: MakeMember
) -> None:
    foreign = received_event(SourceFactory.create(), Status.FAILED)
    user = member(Role.SUPPORT)
    actor = Actor(user=user, label=user.username)
    filters = ReplayFilter(site_ids=(site.pk,), ids=(foreign.pk,))
    with pytest.raises(ValidationError, match="None of these"):
        replay_start(filters=filters, site=site, actor=actor)
    with pytest.raises(ValidationError, match="Choose one site"):
        replay_start(filters=filters, site=None, actor=actor)


class TestReprocessing:
    body = b'{"email": "eva@example.com"}'

    def test_understood_at_last_becomes_a_received_event(self, source: Source) -> None:
        rejected = rejected_request(source, RejectionCause.BAD_BODY, self.body)
        assert not needs_vouching(rejected)
        appended = rejected_request_reprocess(rejected=rejected, actor=SYSTEM)
        event = ReceivedEvent.objects.get(pk=appended.id)
        assert bytes(event.body or b"") == self.body
        assert event.received_at == rejected.at
        assert "BAD_BODY" in event.history[0]["detail"]
        rejected.refresh_from_db()
        assert rejected.reprocessed_as == event
        with pytest.raises(ValidationError, match="already"):
            rejected_request_reprocess(rejected=rejected, actor=SYSTEM)

    @pytest.mark.parametrize("cause", sorted(set(RejectionCause) - VERIFIED - UNUSABLE))
    def test_unproven_request_needs_an_admin_who_vouches(
        self, cause: RejectionCause, source: Source, member: MakeMember
    ) -> None:
        rejected = rejected_request(source, cause, self.body)

        def actor(user: User) -> Actor:
            return Actor(user=user, label=user.username)

        with pytest.raises(ValidationError, match="vouch"):
            rejected_request_reprocess(rejected=rejected, actor=actor(member(Role.ADMIN)))
        with pytest.raises(ValidationError, match="Only an admin"):
            rejected_request_reprocess(
                rejected=rejected, actor=actor(member(Role.OPERATOR)), vouched=True
            )
        assert not ReceivedEvent.objects.exists()
        rejected_request_reprocess(rejected=rejected, actor=actor(member(Role.ADMIN)), vouched=True)
        entry = AuditEntry.objects.get(action="rejected_request.reprocessed")
        assert entry.changes["vouched_for"] == [None, True]

    @pytest.mark.parametrize("cause", sorted(UNUSABLE))
    def test_body_that_did_not_arrive_whole_is_refused(
        self, cause: RejectionCause, source: Source
    ) -> None:
        rejected = rejected_request(source, cause, self.body)
        assert "again" in why_not_reprocessable(rejected)
        with pytest.raises(ValidationError, match="again"):
            rejected_request_reprocess(rejected=rejected, actor=SYSTEM, vouched=True)

    def test_start_of_a_body_is_refused(self, source: Source) -> None:
        rejected = rejected_request(source, RejectionCause.BAD_BODY, self.body, is_whole=False)
        with pytest.raises(ValidationError, match="Only the start"):
            rejected_request_reprocess(rejected=rejected, actor=SYSTEM)

    def test_still_unreadable_body_says_why_and_changes_nothing(self, source: Source) -> None:
        rejected = rejected_request(source, RejectionCause.BAD_JSON, b'{"email": ')
        with pytest.raises(ValidationError, match="refused again"):
            rejected_request_reprocess(rejected=rejected, actor=SYSTEM)
        assert not ReceivedEvent.objects.exists()
        assert not AuditEntry.objects.exists()

    def test_source_that_is_switched_off_takes_nothing_in(self, source: Source) -> None:
        Source.objects.update(is_active=False)
        rejected = rejected_request(source, RejectionCause.BAD_JSON, self.body)
        with pytest.raises(ValidationError, match="switched off"):
            rejected_request_reprocess(rejected=rejected, actor=SYSTEM)
