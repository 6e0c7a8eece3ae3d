"""Jobs in the console: progress, and stopping one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from sites.models import AuditEntry, Job, JobState, Role, Site, User
from tests.conftest import MakeMember

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(site: Site) -> Job:
    return Job.objects.create(
        site=site, kind="replay", title="Replay 900 events", state=JobState.RUNNING, total=900,
        done=300, counts={"replayed": 300},
    )  # fmt: skip


def page(job: Job, name: str = "change") -> str:
    return reverse(f"admin:sites_job_{name}", args=[job.pk])


def test_page_shows_progress_and_asks_for_more(
    client: Client, member: MakeMember, job: Job
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(page(job)).content.decode()
    assert "300 of 900" in html
    assert "job_progress.js" in html
    answer = client.get(page(job, "progress")).json()
    assert answer == {"done": 300, "total": 900, "words": "300 of 900", "isOpen": True}
    assert client.post(page(job, "progress")).status_code == 405
    assert client.get(reverse("admin:sites_job_changelist")).context["cl"].result_list == [job]


def test_ended_job_asks_no_more_and_says_why(client: Client, superuser: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, error="The disk is full.")
    client.force_login(superuser)
    html = client.get(page(job)).content.decode()
    assert "The disk is full." in html
    assert "job_progress.js" not in html
    assert page(job, "cancel") not in html


def test_who_may_stop_a_job(client: Client, member: MakeMember, job: Job) -> None:
    url = page(job, "cancel")
    assert client.post(url).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.VIEWER))
    assert url not in client.get(page(job)).content.decode()
    assert client.post(url).status_code == 403
    client.force_login(member(Role.SUPPORT))
    assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    assert strict.post(url).status_code == 403
    job.refresh_from_db()
    assert not job.is_cancel_requested
    assert client.post(url).headers["Location"] == page(job)
    assert Job.objects.get().is_cancel_requested
    assert AuditEntry.objects.filter(action="job.cancel_requested").exists()
    assert "Stopping" in client.get(page(job)).content.decode()


def test_job_of_all_sites_is_for_superusers(
    client: Client, member: MakeMember, superuser: User, job: Job
) -> None:
    Job.objects.filter(pk=job.pk).update(site=None)
    client.force_login(member(Role.ADMIN))
    assert client.get(page(job)).status_code == 404
    client.force_login(superuser)
    assert client.get(page(job)).status_code == 200
