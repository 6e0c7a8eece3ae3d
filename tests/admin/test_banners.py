"""The banners on top of every page: what is wrong, what to do, and for whom."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from config.console import banners as module
from sites.heartbeats import beat
from sites.models import Heartbeat, ProcessKind, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.webhooks.delivery_log import delivery
from tests.webhooks.outbound.incidents import ago
from tests.webhooks.publishing import subscribe
from webhooks.models import DeliveryStatus, Subscription

BANNER = re.compile(r'class="banner banner-(\w+)".*?<strong>(.*?)</strong>', re.DOTALL)


@pytest.fixture(autouse=True)
def _worker_runs(db: None) -> None:
    cache.clear()
    beat(ProcessKind.WORKER)


@pytest.fixture
def console(client: Client, member: MakeMember) -> Client:
    client.force_login(member(Role.VIEWER))
    return client


def banners(client: Client) -> list[tuple[str, str]]:
    cache.clear()
    html = client.get(reverse("admin:index")).content.decode()
    return BANNER.findall(html)


def disabled(site: Site, name: str) -> Subscription:
    return subscribe(site, name=name, state="disabled", state_reason="It is gone.")


def test_all_is_well(console: Client) -> None:
    assert banners(console) == []


def test_deliveries_that_nobody_sends(console: Client, site: Site) -> None:
    subscription = subscribe(site)
    delivery(subscription, DeliveryStatus.PENDING, due_at=ago(minutes=7))
    told = "Deliveries of one subscription are due, and none was tried for 7 min."
    assert banners(console) == [("bad", told)]
    Subscription.objects.update(last_attempt_at=ago(seconds=3))
    told = "Deliveries of one subscription have been due for 7 min."
    assert banners(console) == [("warning", told)]


def test_leases_of_a_dead_worker(console: Client, site: Site) -> None:
    delivery(subscribe(site), DeliveryStatus.SENDING, lease_expires_at=ago(minutes=4))
    assert banners(console) == [("bad", "1 delivery is held by a worker that is gone.")]


def test_worker_down_says_what_waits(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    delivery(subscribe(site), DeliveryStatus.PENDING, due_at=ago(hours=2))
    Heartbeat.objects.all().delete()
    assert banners(client) == [("bad", "No worker is running; deliveries have waited for 2 h.")]


def test_disabled_subscriptions_are_named_to_their_own_site_alone(
    console: Client, site: Site
) -> None:
    disabled(SiteFactory.create(), "Foreign")
    assert banners(console) == []
    own = disabled(site, "Warehouse")
    assert banners(console) == [("warning", "“Warehouse” is disabled.")]
    page = reverse("admin:webhooks_subscription_change", args=[own.pk])
    assert f'href="{page}">Open it' in console.get(reverse("admin:index")).content.decode()
    disabled(site, "Mailer")
    assert banners(console) == [("warning", "2 subscriptions are disabled.")]


def test_banners_of_a_busy_moment_are_looked_up_once(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def look_up() -> list[module.Banner]:
        calls.append(1)
        return [module.Banner(tone="bad", title="Something", advice="Do it.")]

    monkeypatch.setattr(module, "_look_up", look_up)
    cache.clear()
    for _ in range(4):
        console.get(reverse("admin:index"))
    assert len(calls) == 1
