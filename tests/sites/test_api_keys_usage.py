"""Counting the answers to requests with a key: what counts, how it is written, what is kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import Error, connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.retention import apply_retention
from sites.api_keys import usage
from sites.api_keys.usage import flush, usage_count
from sites.api_keys.usage_day import days_of_use
from sites.models import ApiKey, ApiKeyHour
from tests.factories import ApiKeyFactory

NOW = datetime(2026, 3, 4, 10, 59, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    usage.forget()
    yield
    usage.forget()


@pytest.fixture
def key(db: None) -> ApiKey:
    return ApiKeyFactory.create()


def stored() -> dict[tuple[int, datetime, int], int]:
    rows = ApiKeyHour.objects.all()
    return {(row.key_id, row.hour, row.status): row.count for row in rows}


# -- writing -------------------------------------------------------------------------------------


def test_counts_are_added_to_their_hour_in_one_statement(
    key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = ApiKeyFactory.create()
    first, second = NOW.replace(minute=0, second=0), NOW.replace(hour=11, minute=0, second=0)
    with time_machine.travel(NOW, tick=False) as clock, django_assert_num_queries(2):
        for status in (201, 201, 422):
            usage_count(key.pk, status)
        flush()
        usage_count(key.pk, 201)
        usage_count(other.pk, 403)
        clock.shift(timedelta(seconds=1))
        usage_count(key.pk, 201)
        flush()
        flush()
    assert stored() == {
        (key.pk, first, 201): 3,
        (key.pk, first, 422): 1,
        (other.pk, first, 403): 1,
        (key.pk, second, 201): 1,
    }


def test_a_key_that_is_gone_takes_only_its_own_counts_along(key: ApiKey) -> None:
    gone = ApiKeyFactory.create()
    usage_count(gone.pk, 200)
    usage_count(key.pk, 200)
    gone.delete()
    flush()
    assert [row.key_id for row in ApiKeyHour.objects.all()] == [key.pk]
    flush()
    assert ApiKeyHour.objects.get().count == 1


def test_what_cannot_be_written_is_kept(key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(counts: object) -> None:
        usage_count(key.pk, 200)
        raise Error("away")

    usage_count(key.pk, 200)
    with monkeypatch.context() as patch:
        patch.setattr(usage, "_write", broken)
        with pytest.raises(Error):
            flush()
    flush()
    assert ApiKeyHour.objects.get().count == 2


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_at_once_lose_nothing() -> None:
    keys = [ApiKeyFactory.create() for _ in range(4)]
    together = threading.Barrier(4)
    hour = NOW.replace(minute=0, second=0)
    failures: list[Exception] = []

    def write(order: list[ApiKey]) -> None:
        try:
            for _ in range(5):
                together.wait(timeout=120)
                # As another process would: each with counts of its own, in whatever order.
                usage._write(
                    Counter(
                        {usage._Cell(key.pk, hour, status): 1 for key in order
                         for status in (500, 201)}
                    )
                )  # fmt: skip
        except Exception as error:
            failures.append(error)
            together.abort()
        finally:
            connection.close()

    orders = [keys, keys[::-1], keys[2:] + keys[:2], keys[1:] + keys[:1]]
    threads = [threading.Thread(target=write, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert not failures
    assert set(stored().values()) == {20}
    assert len(stored()) == 8


def test_counts_of_threads_are_all_there(key: ApiKey) -> None:
    def count() -> None:
        for _ in range(500):
            usage_count(key.pk, 200)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    flush()
    assert ApiKeyHour.objects.get().count == 2000


# -- reading -------------------------------------------------------------------------------------


def hour_of(key: ApiKey, ago: timedelta, status: int, count: int) -> None:
    hour = (timezone.now() - ago).replace(minute=0, second=0, microsecond=0)
    ApiKeyHour.objects.create(key=key, hour=hour, status=status, count=count)


def test_a_day_is_the_24_hours_that_end_now(key: ApiKey) -> None:
    other, quiet = ApiKeyFactory.create(), ApiKeyFactory.create()
    for hours, status, count in ((0, 201, 5), (0, 422, 1), (23, 201, 7), (24, 201, 100)):
        hour_of(key, timedelta(hours=hours), status, count)
    hour_of(other, timedelta(0), 401, 3)
    days = days_of_use([key.pk, other.pk, quiet.pk])
    day = days[key.pk]
    assert (day.total, len(day.hours)) == (13, 24)
    assert (day.hours[0].by_status, day.hours[-1].by_status) == ({201: 7}, {201: 5, 422: 1})
    shares = [(each.status, each.phrase, each.count, each.share) for each in day.statuses]
    assert shares == [(201, "Created", 12, 12 / 13), (422, "Unprocessable Content", 1, 1 / 13)]
    assert (days[other.pk].total, days[quiet.pk].total) == (3, 0)
    assert days[quiet.pk].statuses == ()


def test_the_days_of_many_keys_are_one_query(
    key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    others = ApiKeyFactory.create_batch(3)
    with django_assert_num_queries(1):
        days_of_use([key.pk, *(other.pk for other in others)])


def test_counts_go_after_their_days(key: ApiKey) -> None:
    hour_of(key, timedelta(days=59), 200, 1)
    hour_of(key, timedelta(days=61), 200, 1)
    assert apply_retention()["key_counts"] == 1
    assert ApiKeyHour.objects.count() == 1
