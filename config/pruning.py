"""Removes what nobody reads any more and no app of ours owns. Runs every hour as a schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Task

from sites.heartbeats import heartbeats_prune

FAILED_TASKS_KEPT: Final = timedelta(days=30)
ACCESS_ATTEMPTS_KEPT: Final = timedelta(days=1)


def prune() -> None:
    """Delete expired sessions, old log-in failures, old failed tasks, forgotten heartbeats."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - ACCESS_ATTEMPTS_KEPT).delete()
    Task.objects.filter(stopped__lt=now - FAILED_TASKS_KEPT).delete()
    heartbeats_prune()
