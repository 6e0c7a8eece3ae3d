"""The list of received events: what each filter and search finds, and how it is found."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
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
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import (
    EventOutcome,
    Outcome,
    ReceivedEvent,
    SourceHour,
    Status,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:webhooks_receivedevent_changelist")


@pytest.fixture
def admin_client(client: Client, superuser: User) -> Client:
    client.force_login(superuser)
    return client


def shown(client: Client, **params: Any) -> list[ReceivedEvent]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[ReceivedEvent] = response.context["cl"].result_list
    return found


@pytest.fixture
def failed(site: Site) -> ReceivedEvent:
    received_event(SourceFactory.create(site=site), Status.PROCESSED)
    return received_event(
        SourceFactory.create(site=site), Status.FAILED, cause="NO_IDENTITY",
        reason="No identity: add an e-mail.", event_type="feedback", event_id="vendor-7",
    )  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        {"status": "failed"}, {"type": "feedback"}, {"cause": "NO_IDENTITY"},
        {"status": "failed", "type": "feedback"}, {"q": "vendor-7"},
        {"status": "failed", "cause": "NO_IDENTITY", "when": "hour"},
    ],
)  # fmt: skip
def test_filters_find_the_failed_event_alone(
    admin_client: Client, failed: ReceivedEvent, params: dict[str, str]
) -> None:
    assert shown(admin_client, **params) == [failed]


@pytest.mark.parametrize("status", Status.values)
def test_each_status_finds_its_own(admin_client: Client, site: Site, status: str) -> None:
    source = SourceFactory.create(site=site)
    now = timezone.now()
    events = {
        each: received_event(source, Status(each), lease_expires_at=now) for each in Status.values
    }
    assert shown(admin_client, status=status) == [events[status]]
    assert shown(admin_client, status=status, source=source.pk) == [events[status]]


def test_site_and_source_narrow(admin_client: Client, failed: ReceivedEvent) -> None:
    other = received_event(SourceFactory.create(site=SiteFactory.create()), Status.FAILED)
    assert shown(admin_client, site=other.site_id) == [other]
    assert shown(admin_client, source=failed.source_id) == [failed]
    assert shown(admin_client, site=other.site_id, source=failed.source_id) == []
    assert shown(admin_client, source="nonsense") == []


def test_source_of_another_site_finds_nothing(
    client: Client, member: MakeMember, failed: ReceivedEvent
) -> None:
    other = received_event(SourceFactory.create(site=SiteFactory.create()), Status.FAILED)
    client.force_login(member(Role.VIEWER))
    assert shown(client, source=failed.source_id) == [failed]
    assert shown(client, source=other.source_id) == []


def test_the_first_page_leads_to_the_failed_events_that_it_counts(
    admin_client: Client, site: Site
) -> None:
    source = SourceFactory.create(site=site)
    now = timezone.now()
    two_days_ago = now - timedelta(days=2)
    received_event(source, Status.FAILED, id=row_id_floor(two_days_ago), at=two_days_ago)
    failed = received_event(source, Status.FAILED)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for at in (hour, hour - timedelta(days=2)):
        SourceHour.objects.create(source=source, hour=at, failed=1)
    page = admin_client.get(reverse("admin:index")).content.decode()
    (url, count) = re.findall(r'<a href="([^"]*\?status=failed[^"]*)">(\d+)</a>', page)[0]
    assert count == "1"
    listed = admin_client.get(unescape(url)).context["cl"].result_list
    assert list(listed) == [failed]


def test_dates_are_a_range_of_ids(admin_client: Client, site: Site) -> None:
    source = SourceFactory.create(site=site)
    old_at = timezone.now() - timedelta(days=30)
    old = received_event(source, Status.FAILED, id=row_id_floor(old_at))
    new = received_event(source, Status.PROCESSED)
    assert shown(admin_client, when="week") == [new]
    assert shown(admin_client, when="day") == [new]
    until = (old_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert shown(admin_client, to=until) == [old]
    assert shown(admin_client, to=until, status="failed", type=old.event_type) == [old]
    assert shown(admin_client, **{"from": "yesterday"}) == [new, old]


def outcome(event: ReceivedEvent, **fields: Any) -> None:
    EventOutcome.objects.create(
        received_event=event, position=0, event_type="x", outcome=Outcome.APPLIED, **fields
    )


def test_search_finds_by_person_however_written(
    admin_client: Client, failed: ReceivedEvent
) -> None:
    now = timezone.now()
    contact = Contact.objects.create(
        site=failed.site, email="jane@example.com", phone="+46701234567",
        created_at=now, updated_at=now,
    )  # fmt: skip
    outcome(failed, contact=contact)
    for text in ("Jane@Example.com", "070-123 45 67", "+46701234567", str(contact.pk)):
        assert shown(admin_client, q=text) == [failed], text
    assert shown(admin_client, q="nobody@example.com") == []


def test_search_finds_a_row_that_became_no_contact(
    admin_client: Client, failed: ReceivedEvent
) -> None:
    outcome(failed, identity="bad@address")
    assert shown(admin_client, q="bad@address") == [failed]
    assert shown(admin_client, q=str(failed.pk)) == [failed]


def test_tabs_count_what_needs_a_look(admin_client: Client, failed: ReceivedEvent) -> None:
    tabs = {tab.label: tab.count for tab in admin_client.get(LIST).context["list_tabs"]}
    assert tabs["Failed"] == "1"
    assert tabs["Processed"] == tabs["Ignored"] == ""


def test_tabs_of_a_search_show_no_number_of_the_whole_state(
    admin_client: Client, failed: ReceivedEvent
) -> None:
    def count(**params: Any) -> str:
        tabs = admin_client.get(LIST, params).context["list_tabs"]
        return next(str(tab.count) for tab in tabs if tab.label == "Failed")

    assert count(q="nobody@example.com") == ""
    assert count(type="order.paid") == ""
    assert count(q="", site=failed.site_id, status="processed") == "1"


def test_filters_stay_in_the_address_of_the_next_page(
    admin_client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webhooks.inbound.admin.received_events import ReceivedEventAdmin

    monkeypatch.setattr(ReceivedEventAdmin, "list_per_page", 2)
    source = SourceFactory.create(site=site)
    events = [received_event(source, Status.FAILED) for _ in range(5)][::-1]
    first = admin_client.get(LIST, {"status": "failed", "site": ""})
    older = first.context["cl"].older_url
    assert "status=failed" in older
    assert "site=" not in older
    assert admin_client.get(LIST + older).context["cl"].result_list == events[2:4]


def test_empty_list_says_what_to_do(client: Client, member: MakeMember) -> None:
    client.force_login(member(Role.VIEWER))
    assert "send a test" in client.get(LIST).content.decode()
    assert "Nothing matches" in client.get(LIST, {"type": "x"}).content.decode()


# What is asked for, and the index that must answer it.
ADDRESSES = {
    "": "",
    "status=received": "received_waiting",
    "status=processing": "received_leased",
    "status=processed": "",
    "status=failed": "received_troubled",
    "type=a": "received_by_type",
    "cause=a": "received_by_cause",
    "source={source}": "received_by_source",
    "site={site}": "received_by_site",
    "when=week": "",
    "status=failed&type=a": "received_troubled",
    "status=received&type=a": "received_waiting",
    "status=processed&type=a&when=week": "received_by_type",
    "q=jane%40example.com": "outcome_by_identity",
    "q=01a1fc5df5bd7000be9e7dcf59c37141": "outcome_by_contact",
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="plans of an empty table say little")
@pytest.mark.parametrize("role", ["superuser", "member"])
@pytest.mark.parametrize(("address", "index"), ADDRESSES.items())
def test_no_list_reads_or_sorts_all_events(
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
    source = SourceFactory.create(site=site)
    with statements() as seen:
        query = address.format(source=source.pk, site=site.pk)
        assert client.get(f"{LIST}?{query}").status_code == 200
    plans = [
        plan_of(sql, params)
        for sql, params in seen
        if ("_receivedevent" in sql or "_eventoutcome" in sql) and "COUNT(" not in sql
    ]
    assert not [plan for plan in plans if grows_with_the_table(plan)]
    assert any(index in step for plan in plans for step in plan)


def grows_with_the_table(plan: list[str]) -> bool:
    """Say whether SQLite reads or sorts more than a page, a bounded walk or one sender's id."""
    if any(step.startswith("CO-ROUTINE") or "received_by_event_id" in step for step in plan):
        return False
    return any(
        "TEMP B-TREE" in step or (step.startswith("SCAN") and " USING " not in step)
        for step in plan
    )
