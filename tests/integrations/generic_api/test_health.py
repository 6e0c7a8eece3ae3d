from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from common.identifiers import new_row_id, row_id_floor
from integrations.generic_api.calls import call_record
from integrations.generic_api.health import briefs, health_of
from integrations.models import ApiCall, GenericApiHour
from sites.models import Site
from tests.factories import GenericApiFactory, SiteFactory

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def record(site: Site, ago: timedelta = timedelta(), **fields: Any) -> ApiCall:
    """Record a call as it was made some time before NOW."""
    at = NOW - ago
    # Ids are made from the clock of the machine, which no test turns back.
    random_bits = new_row_id().int & ((1 << 80) - 1)
    call = ApiCall(
        **{
            "pk": UUID(int=row_id_floor(at).int | random_bits),
            "site": site,
            "at": at,
            "direction": "sent",
            "operation": "lookup",
            "purpose": "submission",
            "outcome": "found",
            "method": "GET",
            "url": "https://api.example.com/",
            "duration_ms": 5,
        }
        | fields
    )
    call_record(call)
    return call


@pytest.mark.django_db
def test_site_without_calls(site: Site) -> None:
    health = health_of(site)
    assert (health.last_call, health.last_failure, health.share) == (None, None, None)
    assert len(health.hours) == 24


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_day_is_counted_by_the_hour(site: Site) -> None:
    record(site)
    record(site, timedelta(minutes=29), outcome="created")
    record(site, timedelta(hours=1), outcome="ignored")
    record(site, timedelta(hours=23), outcome="error")
    record(site, timedelta(hours=24), outcome="blocked")
    health = health_of(site)
    assert (health.succeeded, health.ignored, health.failed) == (2, 1, 1)
    assert health.share == 0.5
    assert [hour.total for hour in health.hours] == [1, *[0] * 21, 1, 2]
    assert health.hours[-1].start == NOW.replace(minute=0)


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_last_call_and_last_failure_are_the_retailers_and_no_trials(site: Site) -> None:
    failure = record(site, timedelta(days=3), outcome="blocked", reason="503.")
    call = record(site, timedelta(hours=2))
    record(site, timedelta(hours=1), purpose="trial", outcome="error")
    record(site, timedelta(), direction="served", purpose="onsite", outcome="error")
    record(SiteFactory.create(), outcome="error")
    health = health_of(site)
    assert health.last_call == call
    assert health.last_failure == failure


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_row_that_retention_removed_is_missed_quietly(site: Site) -> None:
    record(site, timedelta(days=3), outcome="blocked").delete()
    health = health_of(site)
    assert (health.last_call, health.last_failure) == (None, None)


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_list_of_sites_takes_two_queries(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    idle, served, unused = (SiteFactory.create() for _ in range(3))
    GenericApiFactory.create(
        site=site, lookup_url="https://a.example/", write_url="https://a.example/", is_active=True
    )
    GenericApiFactory.create(site=idle)
    GenericApiFactory.create(site=served, is_served=True)
    for number in range(3):
        record(site, outcome="blocked" if not number else "found")
    with django_assert_num_queries(2):
        words = briefs([site, idle, served, unused])
    assert words == {
        site.pk: "Active, 66% of 3 calls succeeded in 24 h",
        idle.pk: "Off",
        served.pk: "Served to Onsite",
        unused.pk: "Not set up",
    }


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_count_the_same_hour_lose_nothing() -> None:
    site = SiteFactory.create()
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def count(outcome: str) -> None:
        try:
            barrier.wait(timeout=120)
            for _ in range(10):
                record(site, outcome=outcome)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    outcomes = ("found", "ignored", "blocked", "error")
    threads = [threading.Thread(target=count, args=(outcome,)) for outcome in outcomes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    hour = GenericApiHour.objects.get()
    assert (hour.succeeded, hour.ignored, hour.failed) == (10, 10, 20)
    assert ApiCall.objects.count() == 40
