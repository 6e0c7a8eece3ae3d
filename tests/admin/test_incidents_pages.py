"""The list and the page of incidents: what they show, and who looks after one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from sites.models import AuditEntry, Role, Site, User
from tests.admin.list_plans import plan_of, statements
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.webhooks.outbound.incidents import REFUSED, ago, fails, failure, reader, record, works
from tests.webhooks.publishing import subscribe
from webhooks.models import Incident, Notice, Subscription
from webhooks.outbound.notices.sending import tell_of_trouble

LIST = "admin:webhooks_incident_changelist"
PAGE = "admin:webhooks_incident_change"
ACKNOWLEDGE = "admin:webhooks_incident_acknowledge"


@pytest.fixture(autouse=True)
def _mail_on(settings: Settings) -> None:
    settings.EMAIL_IS_ON = True


@pytest.fixture
def incident(site: Site) -> Incident:
    found = fails(subscribe(site, name="Warehouse"))
    Incident.objects.update(opened_at=ago(minutes=20))
    return found


def html_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_list_has_a_row_for_each_and_says_who_was_told(
    support: Client, site: Site, incident: Incident
) -> None:
    reader(site)
    html = html_of(support.get(reverse(LIST)))
    for words in ("Warehouse", "Failing", REFUSED, "not yet", "nobody yet"):
        assert words in html
    tell_of_trouble()
    assert "1 sent" in html_of(support.get(reverse(LIST)))
    Notice.objects.update(told_at=None, given_up_at=timezone.now())
    assert "1 not sent" in html_of(support.get(reverse(LIST)))


def test_list_is_narrowed_to_what_nobody_looks_after(
    support: Client, site: Site, incident: Incident
) -> None:
    ended = subscribe(site, name="Mailer")
    fails(ended)
    works(ended)

    def names(query: str) -> list[str]:
        shown = html_of(support.get(reverse(LIST) + query))
        return [name for name in ("Warehouse", "Mailer") if f'title="{name}"' in shown]

    assert names("") == ["Warehouse", "Mailer"]
    assert names("?state=open") == names("?state=unattended") == ["Warehouse"]
    assert names("?state=ended") == names(f"?subscription={ended.pk}") == ["Mailer"]
    assert names(f"?site={site.pk}") == ["Warehouse", "Mailer"]
    Incident.objects.update(acknowledged_at=timezone.now(), acknowledged_by="anna")
    assert names("?state=unattended") == []


def test_acknowledging_notes_who_and_when(support: Client, incident: Incident) -> None:
    html = html_of(support.post(reverse(ACKNOWLEDGE, args=[incident.pk]), follow=True))
    incident.refresh_from_db()
    assert incident.acknowledged_by in html
    assert incident.acknowledged_at is not None
    assert AuditEntry.objects.filter(action="incident.acknowledged").count() == 1
    again = support.post(reverse(ACKNOWLEDGE, args=[incident.pk]), follow=True)
    assert "somebody looks after it already" in html_of(again)
    assert AuditEntry.objects.filter(action="incident.acknowledged").count() == 1


def test_selected_incidents_are_acknowledged_together(support: Client, incident: Incident) -> None:
    form = {"action": "acknowledge_selected", "_selected_action": [incident.pk]}
    assert "You look after 1 incident now." in html_of(
        support.post(reverse(LIST), form, follow=True)
    )
    incident.refresh_from_db()
    assert incident.acknowledged_at is not None


def test_viewer_sees_it_and_acknowledges_nothing(
    client: Client, member: MakeMember, incident: Incident
) -> None:
    client.force_login(member(Role.VIEWER))
    html = html_of(client.get(reverse(PAGE, args=[incident.pk])))
    assert "Acknowledge" not in html
    assert client.post(reverse(ACKNOWLEDGE, args=[incident.pk])).status_code == 403


def test_other_site_has_no_such_incident(support: Client) -> None:
    foreign = fails(subscribe(SiteFactory.create(), name="Foreign"))
    # Django's admin sends a row that is not there back to the list or says 404.
    assert support.get(reverse(PAGE, args=[foreign.pk])).status_code == 404
    assert support.post(reverse(ACKNOWLEDGE, args=[foreign.pk])).status_code == 404
    assert "Foreign" not in html_of(support.get(reverse(LIST)))


def test_page_says_what_went_wrong_with_a_notice(
    support: Client, site: Site, incident: Incident
) -> None:
    reader(site, username="anna")
    tell_of_trouble()
    Notice.objects.update(told_at=None, problem="The mail server refused the address.")
    html = html_of(support.get(reverse(PAGE, args=[incident.pk])))
    for words in ("anna", "To be sent again", "The mail server refused the address."):
        assert words in html


def test_page_says_why_nobody_was_told(
    support: Client, site: Site, incident: Incident, settings: Settings
) -> None:
    address = reverse(PAGE, args=[incident.pk])
    assert "Members are told of what lasts for ten minutes" in html_of(support.get(address))
    tell_of_trouble()
    assert "Nobody had asked to be." in html_of(support.get(address))
    Incident.objects.update(told_at=None, told_kind="")
    settings.EMAIL_IS_ON = False
    assert "E-mail is off" in html_of(support.get(address))


def test_disabled_subscription_leads_to_test_and_enabling(
    client: Client, member: MakeMember, site: Site
) -> None:
    client.force_login(member(Role.OPERATOR))
    subscription = subscribe(site)
    record(subscription, failure(disables="The receiver is gone."))
    incident = Incident.objects.get()
    html = html_of(client.get(reverse(PAGE, args=[incident.pk])))
    assert "The receiver is gone." in html
    assert reverse("admin:webhooks_subscription_resume", args=[subscription.pk]) in html
    assert Subscription.objects.get().state == "disabled"


# -- what the list costs ---------------------------------------------------------------------------

MANY, FEW = 3_000, 150
# What is asked for, and the index that must answer it.
ADDRESSES = {
    "": "incident_by_site",
    "site={site}": "incident_by_site",
    "state=open": "incident_open_by_site",
    "state=unattended": "incident_open_by_site",
    "state=ended": "incident_by_site",
    "site={site}&state=open": "incident_open_by_site",
    "subscription={subscription}": "incident_by_subscription",
}


def _incidents(subscription: Subscription, count: int) -> None:
    """Store incidents, of which the last is still open."""
    at = ago(days=1)
    ends = [at] * (count - 1) + [None]
    Incident.objects.bulk_create(
        [
            Incident(
                site=subscription.site, subscription=subscription, opened_at=at, ended_at=ended_at
            )
            for ended_at in ends
        ]
    )


@pytest.fixture
def quiet_site(site: Site) -> Subscription:
    """A subscription with few incidents, all older than the many of two other sites."""
    subscription = subscribe(site)
    _incidents(subscription, FEW)
    for _ in range(2):
        _incidents(subscribe(SiteFactory.create()), MANY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return subscription


@pytest.mark.parametrize(("address", "index"), ADDRESSES.items())
@pytest.mark.parametrize("role", ["superuser", "member"])
def test_no_list_reads_or_sorts_the_incidents_of_others(
    client: Client,
    superuser: User,
    member: MakeMember,
    quiet_site: Subscription,
    role: str,
    address: str,
    index: str,
) -> None:
    client.force_login(superuser if role == "superuser" else member(Role.VIEWER))
    with statements() as seen:
        query = address.format(site=quiet_site.site_id, subscription=quiet_site.pk)
        html_of(client.get(f"{reverse(LIST)}?{query}"))
    keys = 'SELECT "webhooks_incident"."id" AS "pk"'
    steps = [step for sql, params in seen if sql.startswith(keys) for step in plan_of(sql, params)]
    assert steps
    if role == "member" or address:
        assert any(index in step for step in steps)
    # The few incidents of one subscription may be sorted.
    sorts = () if "subscription" in address else ("Sort", "TEMP B-TREE")
    for whole in ("Seq Scan", *sorts):
        assert not any(whole in step for step in steps)
