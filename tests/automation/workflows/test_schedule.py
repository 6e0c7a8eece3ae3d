"""Schedules: by the clock on the wall of the site, for each contact in a segment, in slices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from automation.models import Segment, SegmentMember, Workflow, WorkflowRun
from automation.workflows import schedule
from automation.workflows.schedule import start_due_workflows
from automation.workflows.schedule_times import next_due
from automation.workflows.services import workflow_pause, workflow_start
from contacts.models import Contact
from sites.jobs import run_job_slice
from sites.models import Job, JobState, Site
from tests.automation.workflows.making import ACTOR, contact, runs, set_field, workflow


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("trigger", "after", "due"),
    [
        ({"every": "day", "at": "09:00"}, "2026-01-10T07:59", "2026-01-10T08:00"),
        ({"every": "day", "at": "09:00"}, "2026-01-10T08:00", "2026-01-11T08:00"),
        # The clock is put forward on 29 March 2026, and back on 25 October.
        ({"every": "day", "at": "09:00"}, "2026-03-28T08:00", "2026-03-29T07:00"),
        ({"every": "day", "at": "02:30"}, "2026-03-28T12:00", "2026-03-29T01:30"),
        ({"every": "day", "at": "02:30"}, "2026-03-29T01:30", "2026-03-30T00:30"),
        ({"every": "day", "at": "02:30"}, "2026-10-24T12:00", "2026-10-25T00:30"),
        ({"every": "day", "at": "02:30"}, "2026-10-25T00:30", "2026-10-26T01:30"),
        ({"every": "week", "at": "09:00", "weekday": 0}, "2026-01-10T12:00", "2026-01-12T08:00"),
        ({"every": "month", "at": "00:15", "day": 28}, "2026-01-28T00:00", "2026-02-27T23:15"),
        ({"every": "hour", "at": "00:30"}, "2026-01-10T07:30", "2026-01-10T08:30"),
        ({"every": "hour", "at": "00:30"}, "2026-10-25T00:30", "2026-10-25T01:30"),
    ],
)
def test_next_due(trigger: dict[str, Any], after: str, due: str) -> None:
    site = Site(time_zone="Europe/Stockholm")
    assert next_due(trigger, site, utc(after)) == utc(due)


def test_every_time_of_a_year_comes_once(site: Site) -> None:
    site.time_zone = "Europe/Stockholm"
    at, times = utc("2026-01-01T00:00"), []
    while at.year == 2026:
        at = next_due({"every": "day", "at": "02:30"}, site, at)
        times.append(at)
    days = [moment.astimezone(ZoneInfo("Europe/Stockholm")).date() for moment in times]
    assert len(days) == len(set(days)) == 366


@pytest.fixture
def segment(site: Site) -> Segment:
    made = Segment.objects.create(site=site, name="Gold", rule_changed_at=timezone.now())
    for number in range(5):
        SegmentMember.objects.create(
            segment=made,
            contact=contact(site, f"p{number}@example.com"),
            since=timezone.now(),
        )
    return made


@pytest.fixture
def made(site: Site, segment: Segment) -> Workflow:
    trigger = {"type": "schedule", "every": "day", "at": "09:00", "segment": str(segment.pk)}
    return workflow(site, set_field("city", "Malmö"), trigger=trigger)


def pass_by(made: Workflow) -> None:
    Workflow.objects.filter(pk=made.pk).update(due_at=timezone.now() - timedelta(hours=30))


def work_jobs() -> None:
    for job in Job.objects.filter(state__in=(JobState.PENDING, JobState.RUNNING)):
        run_job_slice(job.pk)


@pytest.mark.django_db
def test_members_begin_once_for_each_time(made: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "SLICE", 2)
    assert start_due_workflows() == 0
    pass_by(made)
    assert (start_due_workflows(), start_due_workflows()) == (1, 0)
    work_jobs()
    assert len(runs(made)) == 5
    assert set(Contact.objects.values_list("city", flat=True)) == {"Malmö"}
    job = Job.objects.get()
    assert (job.state, job.done, job.total) == (JobState.DONE, 5, 5)
    # The same slice again, after a crash.
    Job.objects.update(state=JobState.RUNNING, cursor="", lease_expires_at=None)
    work_jobs()
    assert WorkflowRun.objects.count() == 5
    made.refresh_from_db()
    assert made.due_at is not None
    assert made.due_at > timezone.now()


@pytest.mark.django_db
def test_paused_workflow_is_not_due(made: Workflow) -> None:
    pass_by(made)
    start_due_workflows()
    workflow_pause(workflow=made, actor=ACTOR)
    work_jobs()
    assert runs(made) == []
    assert Job.objects.get().state == JobState.DONE
    workflow_start(workflow=made, actor=ACTOR)
    made.refresh_from_db()
    assert made.due_at is not None
    assert start_due_workflows() == 0
