from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config import health
from sites.heartbeats import beat, beat_qcluster
from sites.models import Heartbeat, ProcessKind, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SourceFactory
from tests.webhooks.delivery_log import delivery
from tests.webhooks.outbound.incidents import ago
from tests.webhooks.publishing import subscribe
from webhooks.models import DeliveryStatus, ReceivedEvent, Subscription

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-monitors"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> None:
    settings.HEALTH_TOKEN = TOKEN
    health.current_checks.forget()


@pytest.fixture
def healthy(db: None) -> None:
    beat(ProcessKind.WORKER)
    beat_qcluster()


def readyz(client: Client, *, token: str = TOKEN, path: str = "/readyz") -> Any:
    health.current_checks.forget()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.get(path, headers=headers)


def check(answer: Any, name: str) -> dict[str, Any]:
    return next(check for check in answer.json()["checks"] if check["name"] == name)


@pytest.mark.parametrize("path", ["/livez", "/livez/"])
def test_livez_answers_without_the_database(
    client: Client, path: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
def test_ready_installation_answers_200(client: Client, healthy: None, path: str) -> None:
    answer = readyz(client, path=path)
    assert answer.status_code == 200
    assert {entry["name"] for entry in answer.json()["checks"]} == {
        "database", "migrations", "worker", "qcluster", "backlog", "deliveries", "leases",
    }  # fmt: skip


def test_stranger_sees_the_status_word_only(client: Client) -> None:
    for token in ("", "wrong", TOKEN[:-1]):
        answer = readyz(client, token=token)
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


def test_empty_token_opens_nothing(client: Client, healthy: None, settings: Settings) -> None:
    settings.HEALTH_TOKEN = ""
    assert readyz(client, token="").json() == {"status": "ok"}
    assert client.get("/readyz", headers={"Authorization": "Bearer "}).json() == {"status": "ok"}


def test_superuser_sees_the_checks_and_a_member_does_not(
    client: Client, superuser: User, member: MakeMember
) -> None:
    client.force_login(superuser)
    assert "checks" in readyz(client, token="").json()
    client.force_login(member(Role.ADMIN))
    assert "checks" not in readyz(client, token="").json()


@pytest.mark.parametrize(
    ("kind", "seconds", "status"),
    [
        (ProcessKind.WORKER, 20, 200),
        (ProcessKind.WORKER, 31, 503),
        (ProcessKind.QCLUSTER, 170, 200),
        (ProcessKind.QCLUSTER, 181, 503),
    ],
)
def test_old_heartbeat_is_not_ready(
    client: Client, healthy: None, kind: ProcessKind, seconds: int, status: int
) -> None:
    Heartbeat.objects.filter(kind=kind).update(beat_at=timezone.now() - timedelta(seconds=seconds))
    answer = readyz(client)
    assert answer.status_code == status
    assert check(answer, kind.value)["is_ok"] is (status == 200)
    assert ("./patchbay run" in check(answer, kind.value)["advice"]) is (status == 503)


def store_event(site: Site, *, due_in_seconds: int, received_ago_seconds: int = 0) -> None:
    now = timezone.now()
    ReceivedEvent.objects.create(
        site=site,
        source=SourceFactory.create(site=site),
        dedupe_key="once",
        received_at=now - timedelta(seconds=received_ago_seconds),
        due_at=now + timedelta(seconds=due_in_seconds),
        body=b"{}",
        body_bytes=2,
    )


@pytest.mark.parametrize(
    ("due_in_seconds", "received_ago_seconds", "status"),
    [
        (-290, 290, 200),
        (-310, 310, 503),
        (-10, 86_400, 200),  # replayed a moment ago
        (600, 600, 200),  # waits for its next attempt
    ],
)
def test_event_that_waits_too_long_is_not_ready(
    client: Client,
    healthy: None,
    site: Site,
    due_in_seconds: int,
    received_ago_seconds: int,
    status: int,
) -> None:
    store_event(site, due_in_seconds=due_in_seconds, received_ago_seconds=received_ago_seconds)
    answer = readyz(client)
    assert answer.status_code == status
    assert check(answer, "backlog")["is_ok"] is (status == 200)


def test_due_deliveries_that_nobody_tries_are_not_ready(
    client: Client, healthy: None, site: Site
) -> None:
    subscription = subscribe(site)
    delivery(subscription, DeliveryStatus.PENDING, due_at=ago(seconds=290))
    assert readyz(client).status_code == 200
    delivery(subscription, DeliveryStatus.PENDING, due_at=ago(seconds=310))
    answer = readyz(client)
    assert (answer.status_code, check(answer, "deliveries")["is_ok"]) == (503, False)
    # A receiver that is slow is no fault of this installation.
    Subscription.objects.update(last_attempt_at=ago(seconds=5))
    assert readyz(client).status_code == 200


def test_leases_of_a_worker_that_is_gone_are_not_ready(
    client: Client, healthy: None, site: Site
) -> None:
    delivery(subscribe(site), DeliveryStatus.SENDING, lease_expires_at=ago(minutes=3))
    answer = readyz(client)
    assert (answer.status_code, check(answer, "leases")["is_ok"]) == (503, False)


def test_database_that_refuses_is_a_failed_check_and_no_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("the password is hunter2")

    monkeypatch.setattr(health, "beat", refuse)
    answer = readyz(client)
    assert answer.status_code == 503
    assert check(answer, "database")["detail"] == "the database refused: OperationalError"
    assert "hunter2" not in answer.content.decode()


def test_missing_migration_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one", "two"]
    )
    assert health.MigrationCheck()().detail == "2 not applied"


def test_answers_are_shared_for_a_moment(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    def run() -> list[health.Check]:
        rounds.append(1)
        return []

    monkeypatch.setattr(health, "run_checks", run)
    for _ in range(5):
        client.get("/readyz")
    assert len(rounds) == 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_only_reading_is_allowed_and_nothing_is_cached(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert "no-store" in client.get(path).headers["Cache-Control"]
