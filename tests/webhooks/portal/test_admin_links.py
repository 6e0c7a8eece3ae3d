"""Making and revoking links in the console."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from sites.models import Role, Site
from tests.conftest import MakeMember
from tests.webhooks.outbound.subscribing import saved
from webhooks.models import Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription(site: Site) -> Subscription:
    return saved(site)


def address(subscription: Subscription, act: str) -> str:
    return reverse(f"admin:webhooks_subscription_{act}", args=[subscription.pk])


def test_an_admin_makes_a_link_and_takes_all_back(
    client: Client, subscription: Subscription, member: MakeMember
) -> None:
    client.force_login(member(Role.ADMIN))
    page = client.get(address(subscription, "change"), {"tab": "portal"})
    assert "Make a link" in page.content.decode()
    made = client.post(
        address(subscription, "portal_link"), {"name": "Warehouse", "seconds": "28800"}
    )
    (link,) = re.findall(r"/portal/[^\s<\"]+", made.content.decode())[:1]
    opened = Client().get(link)
    assert opened.status_code == 200
    assert "for Warehouse" in opened.content.decode()
    client.post(address(subscription, "portal_revoke"))
    assert Client().get(link).status_code == 404


def test_bounds_are_told(client: Client, subscription: Subscription, member: MakeMember) -> None:
    client.force_login(member(Role.ADMIN))
    page = client.post(address(subscription, "portal_link"), {"seconds": "9999999"}, follow=True)
    assert "from one minute to 7 days" in page.content.decode()


@pytest.mark.parametrize("act", ["portal_link", "rotate"])
@pytest.mark.parametrize("text", ["9" * 5_000, "9" * 300, "²", "", "x"])
def test_a_span_that_is_no_number_is_the_usual_one(
    client: Client, subscription: Subscription, member: MakeMember, act: str, text: str
) -> None:
    client.force_login(member(Role.ADMIN))
    page = client.post(address(subscription, act), {"seconds": text, "overlap": text})
    assert page.status_code == 200


@pytest.mark.parametrize("act", ["portal_link", "portal_revoke"])
def test_others_may_not(
    client: Client, subscription: Subscription, member: MakeMember, act: str
) -> None:
    client.force_login(member(Role.OPERATOR))
    assert client.post(address(subscription, act)).status_code in (403, 404)
    page = client.get(address(subscription, "change"), {"tab": "portal"}).content.decode()
    assert "Make a link" not in page
    subscription.refresh_from_db()
    assert subscription.portal_stamp == 1
