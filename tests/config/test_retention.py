"""What goes with the clock, across the apps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from common.retention import Retained, remove_expired
from config.retention import RETAINED, apply_retention
from integrations.models import ApiCall, GenericApiHour
from onsite.models import State, Submission
from sites.models import Site
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.mark.django_db
def test_calls_and_their_counts_go_after_their_days(site: Site) -> None:
    fresh, _ = (api_call(site, at=days_ago(days)) for days in (29, 31))
    for days in (59, 61):
        GenericApiHour.objects.create(site=site, hour=days_ago(days), succeeded=1)
    removed = apply_retention()
    assert (removed["api_calls"], removed["api_counts"]) == (1, 1)
    assert ApiCall.objects.get() == fresh
    assert GenericApiHour.objects.count() == 1


@pytest.mark.django_db
def test_submissions_go_but_never_one_that_runs(site: Site) -> None:
    running = submission(site, State.RUNNING, days_ago(400))
    fresh = submission(site, State.BLOCKED, days_ago(89))
    for state in (State.CONTINUED, State.BLOCKED):
        submission(site, state, days_ago(91))
    assert apply_retention()["submissions"] == 2
    assert set(Submission.objects.all()) == {running, fresh}


@pytest.mark.django_db
def test_zero_days_keep_every_kind_for_ever(site: Site, settings: Settings) -> None:
    for kind in RETAINED:
        setattr(settings, kind.setting, 0)
    api_call(site, at=days_ago(4000))
    submission(site, at=days_ago(4000))
    assert set(apply_retention().values()) == {0}


def test_a_kind_without_end_lets_the_others_have_their_turn(settings: Settings) -> None:
    def endless(before: datetime) -> Iterator[int]:
        while turns:
            turns.pop()
            yield 1

    def short(before: datetime) -> Iterator[int]:
        yield 7

    turns = [None] * 5
    kinds = [
        Retained(name=name, setting="RETENTION_COUNT_DAYS", remove=remove)
        for name, remove in (("endless", endless), ("short", short))
    ]
    assert remove_expired(kinds, timezone.now()) == {"endless": 5, "short": 7}
    turns = [None] * 5
    assert remove_expired(kinds, timezone.now(), run_seconds=-1) == {"endless": 1, "short": 0}


def test_names_are_told_apart_in_the_log() -> None:
    names = [kind.name for kind in RETAINED]
    assert len(set(names)) == len(names)
