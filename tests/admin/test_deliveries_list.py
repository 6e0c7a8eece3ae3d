"""The log of deliveries: what each filter and search finds, and how it is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.identifiers import row_id_floor
from contacts.models import Contact
from sites.models import Role, Site, User
from tests.admin.list_plans import plan_of, statements
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.webhooks.delivery_log import delivery, event
from tests.webhooks.publishing import subscribe
from webhooks.models import Delivery, DeliveryStatus, SubscriptionState
from webhooks.outbound.admin import delivery_streams
from webhooks.outbound.delivering.unit import batch_message_id

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_delivery_changelist")


@pytest.fixture
def admin_client(client: Client, superuser: User) -> Client:
    client.force_login(superuser)
    return client


def shown(client: Client, **params: Any) -> list[Delivery]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[Delivery] = response.context["cl"].result_list
    return found


@pytest.fixture
def failed(site: Site) -> Delivery:
    subscription = subscribe(site)
    delivery(subscription, DeliveryStatus.SUCCEEDED, last_status_code=200)
    return delivery(
        subscription, of=event(site, "contact.updated"), attempts=8, last_status_code=503,
        last_error="status", reason="The receiver answered with 503.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        {"state": "failed"}, {"type": "contact.updated"}, {"code": "5xx"}, {"error": "status"},
        {"tries": "5"}, {"state": "failed", "tries": "2", "code": "5xx", "when": "hour"},
    ],
)  # fmt: skip
def test_filters_find_the_failed_one_alone(
    admin_client: Client, failed: Delivery, params: dict[str, str]
) -> None:
    assert shown(admin_client, **params) == [failed]
    assert shown(admin_client, subscription=failed.subscription_id, **params) == [failed]
    assert shown(admin_client, site=failed.site_id, **params) == [failed]


@pytest.mark.parametrize("params", [{"state": "x"}, {"code": "x"}, {"error": "x"}, {"tries": "x"}])
def test_what_is_not_offered_matches_nothing(
    admin_client: Client, failed: Delivery, params: dict[str, str]
) -> None:
    assert shown(admin_client, **params) == []


def test_each_state_finds_its_own_and_pending_is_all_on_its_way(
    admin_client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = subscribe(site)
    now = timezone.now()
    rows = {each: delivery(subscription, each, lease_expires_at=now) for each in DeliveryStatus}
    way = [DeliveryStatus.RETRYING, DeliveryStatus.SENDING, DeliveryStatus.PENDING]
    on_their_way = sorted([rows[each] for each in way], key=lambda row: row.pk, reverse=True)
    for state in ("succeeded", "failed", "retrying", "held", "cancelled"):
        assert shown(admin_client, state=state) == [rows[DeliveryStatus(state)]]
    assert shown(admin_client, state="pending") == on_their_way
    # Too many to sort: the newest are looked through instead.
    monkeypatch.setattr(delivery_streams, "_MOST_WAITING", 1)
    assert shown(admin_client, state="pending") == on_their_way


def test_site_and_subscription_narrow(admin_client: Client, failed: Delivery) -> None:
    other = delivery(subscribe(SiteFactory.create()))
    assert shown(admin_client, site=other.site_id) == [other]
    assert shown(admin_client, site=other.site_id, subscription=failed.subscription_id) == []
    assert shown(admin_client, subscription="nonsense") == []


def test_dates_are_a_range_of_ids(admin_client: Client, site: Site) -> None:
    subscription = subscribe(site)
    old_at = timezone.now() - timedelta(days=30)
    old = delivery(subscription, id=row_id_floor(old_at), created_at=old_at)
    new = delivery(subscription, DeliveryStatus.SUCCEEDED)
    assert shown(admin_client, when="week") == [new]
    until = (old_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert shown(admin_client, to=until) == [old]
    assert shown(admin_client, to=until, state="failed", tries="1") == [old]


def test_search_finds_by_message_event_person_and_what_it_came_from(
    admin_client: Client, site: Site
) -> None:
    now = timezone.now()
    contact = Contact.objects.create(
        site=site, email="jane@example.com", phone="+46701234567", external_id="CRM-1",
        created_at=now, updated_at=now,
    )  # fmt: skip
    received = row_id_floor(now)
    of = event(site, contact=contact, received_event_id=received)
    found = delivery(subscribe(site), of=of)
    delivery(subscribe(site))
    for text in (
        of.message_id, of.pk, found.pk, received, contact.pk, "Jane@Example.com", "070-123 45 67",
        "CRM-1",
    ):  # fmt: skip
        assert shown(admin_client, q=str(text)) == [found], text
    assert shown(admin_client, q="nobody@example.com") == []


def test_search_by_unit_finds_a_batch(admin_client: Client, site: Site) -> None:
    subscription = subscribe(site)
    first = delivery(subscription)
    second = delivery(subscription, unit=first.unit)
    delivery(subscription)
    assert shown(admin_client, q=str(first.unit)) == [second, first]
    # As the receiver reads it in the header of the request.
    assert shown(admin_client, q=batch_message_id(first.unit)) == [second, first]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("word " * 23 + "word.", "word word."),
        ("The receiver answered 302. " + "Look at it again. " * 6, "it again…"),
        ("a sentence, " * 10 + "which goes on", "sentence…"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_long_reason_ends_with_a_whole_word(
    admin_client: Client, site: Site, reason: str, told: str
) -> None:
    delivery(subscribe(site), reason=reason)
    assert f"{told}</td>" in admin_client.get(LIST).content.decode()


def test_tabs_count_what_needs_a_look(admin_client: Client, failed: Delivery) -> None:
    tabs = {tab.label: tab for tab in admin_client.get(LIST).context["list_tabs"]}
    assert list(tabs) == ["All", "Succeeded", "Failed", "Pending", "Held"]
    assert (tabs["Failed"].count, tabs["Succeeded"].count) == ("1", "")
    kept = admin_client.get(LIST, {"error": "status", "state": "failed"}).context["list_tabs"]
    assert [tab.label for tab in kept if tab.is_current] == ["Failed"]
    assert all("error=status" in tab.url for tab in kept)
    # They keep the other filters, so the number of a whole state would be wrong.
    assert {tab.count for tab in kept} == {""}


def test_empty_list_says_what_to_do(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.VIEWER))
    assert "Add a subscription" in client.get(LIST).content.decode()
    assert "Nothing matches" in client.get(LIST, {"type": "x"}).content.decode()


def test_reasons_in_the_list_name_nobody(
    client: Client, member: MakeMember, failed: Delivery
) -> None:
    Delivery.objects.filter(pk=failed.pk).update(reason="Refused jane@example.com, +46701234567.")
    client.force_login(member(Role.VIEWER))
    html = client.get(LIST).content.decode()
    assert "Refused •••" in html
    assert "jane@" not in html
    assert "70123" not in html


# What is asked for, and the index that must answer it.
ADDRESSES = {
    "": "",
    "state=pending": "delivery_waiting",
    "state=succeeded": "",
    "state=failed": "delivery_troubled",
    "state=held": "delivery_troubled",
    "state=cancelled": "",
    "type=a": "",
    "error=dns": "",
    "subscription={subscription}": "delivery_by_subscription",
    "subscription={subscription}&state=failed": "delivery_troubled",
    "subscription={subscription}&code=4xx": "delivery_by_subscription",
    "site={site}": "delivery_by_site",
    "state=failed&error=dns&type=a": "delivery_troubled",
    "state=succeeded&when=week": "",
    "q=msg_1": "delivery_by_event",
    "q=01a1fc5df5bd7000be9e7dcf59c37141": "delivery_by_unit",
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="plans of an empty table say little")
@pytest.mark.parametrize("role", ["superuser", "member"])
@pytest.mark.parametrize(("address", "index"), ADDRESSES.items())
def test_no_list_reads_or_sorts_all_deliveries(
    client: Client,
    superuser: User,
    member: MakeMember,
    site: Site,
    role: str,
    address: str,
    index: str,
) -> None:
    user = member(Role.VIEWER)
    SiteFactory.create().memberships.create(user=user, role=Role.VIEWER)
    client.force_login(superuser if role == "superuser" else user)
    subscription = subscribe(site, state=SubscriptionState.PAUSED)
    # Without it, nothing that waits is asked for.
    delivery(subscription, of=event(site, message_id="msg_1"))
    with statements() as seen:
        query = address.format(subscription=subscription.pk, site=site.pk)
        assert client.get(f"{LIST}?{query}").status_code == 200
    plans = [plan_of(sql, params) for sql, params in seen if _is_of_the_list(sql)]
    assert not [plan for plan in plans if grows_with_the_table(plan)]
    assert any(index in step for plan in plans for step in plan)


def _is_of_the_list(sql: str) -> bool:
    """Say whether a statement reads rows of the log; the banners of each page ask otherwise."""
    tables = ('SELECT "webhooks_delivery"', 'SELECT "webhooks_event"')
    return sql.startswith(tables) and "COUNT(" not in sql


def grows_with_the_table(plan: list[str]) -> bool:
    """Say whether SQLite reads or sorts more than a page or a bounded walk."""
    if any(step.startswith("CO-ROUTINE") for step in plan):
        return False
    return any(
        "TEMP B-TREE" in step or (step.startswith("SCAN") and " USING " not in step)
        for step in plan
    )
