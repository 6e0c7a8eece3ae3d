from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Task

from config.pruning import prune
from sites.heartbeats import beat
from sites.models import Heartbeat, ProcessKind

pytestmark = pytest.mark.django_db


def test_what_is_past_goes_and_what_is_not_stays() -> None:
    now = timezone.now()
    for age, name in ((timedelta(days=40), "old"), (timedelta(hours=1), "new")):
        Session.objects.create(session_key=name, expire_date=now + timedelta(days=1) - age)
        Task.objects.create(
            id=name, name=name, func="f", started=now - age, stopped=now - age, success=False
        )
        attempt = AccessAttempt.objects.create(username=name, failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - age)
        beat(ProcessKind.WORKER, process_id=1 if name == "old" else 2)
        Heartbeat.objects.filter(process_id=1).update(beat_at=now - timedelta(days=40))
    prune()
    assert [session.session_key for session in Session.objects.all()] == ["new"]
    assert [task.name for task in Task.objects.all()] == ["new"]
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["new"]
    assert [row.process_id for row in Heartbeat.objects.all()] == [2]
