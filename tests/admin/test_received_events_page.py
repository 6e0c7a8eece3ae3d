"""The page of one received event, as each role meets it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact, ContactRevision
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent, Status

pytestmark = pytest.mark.django_db

BODY = {"eventType": "contact.updated", "email": "jane@example.com", "note": "<script>boo</script>"}


@pytest.fixture
def event(site: Site) -> ReceivedEvent:
    now = timezone.now()
    event = received_event(
        SourceFactory.create(site=site), Status.PROCESSED,
        received_at=now - timedelta(minutes=2), processed_at=now, rows_applied=1, attempts=1,
        body=json.dumps(BODY).encode(), headers={"svix-id": "msg_1", "svix-signature": "•••"},
    )  # fmt: skip
    contact = Contact.objects.create(
        site=site, email="jane@example.com", created_at=now, updated_at=now
    )
    EventOutcome.objects.create(
        received_event=event, position=0, event_type="contact.updated", outcome=Outcome.APPLIED,
        contact=contact,
    )  # fmt: skip
    ContactRevision.objects.create(
        site=site, contact=contact, at=now, received_event_id=event.pk, position=0,
        changes={"preference.email": [True, False], "attribute.club": [None, {"level": "gold"}]},
    )  # fmt: skip
    return event


def page(event: ReceivedEvent, name: str = "change") -> str:
    return reverse(f"admin:webhooks_receivedevent_{name}", args=[event.pk])


def test_page_says_what_changed_before_and_after(
    client: Client, superuser: User, event: ReceivedEvent
) -> None:
    client.force_login(superuser)
    html = client.get(page(event)).content.decode()
    assert "Processed 2 min after it arrived: 1 contact changed." in html
    assert "jane@example.com now has Accepts e-mail = no" in html
    assert "<del>yes</del>" in html
    assert "{&quot;level&quot;: &quot;gold&quot;}" in html
    assert "msg_1" in html


def test_body_is_inert_and_masked_until_asked_for(
    client: Client, member: MakeMember, event: ReceivedEvent
) -> None:
    client.force_login(member(Role.SUPPORT))
    html = client.get(page(event)).content.decode()
    assert "&lt;script&gt;boo" in html
    assert "<script>boo" not in html
    assert "&quot;email&quot;: &quot;•••&quot;" in html
    revealed = client.post(page(event, "reveal")).content.decode()
    assert "&quot;email&quot;: &quot;jane@example.com&quot;" in revealed
    assert AuditEntry.objects.filter(
        action="received_event.body_revealed", object_id=str(event.pk)
    ).exists()


def test_viewer_sees_no_body_and_no_button(
    client: Client, member: MakeMember, event: ReceivedEvent
) -> None:
    client.force_login(member(Role.VIEWER))
    html = client.get(page(event)).content.decode()
    assert "eventType" not in html
    assert "boo" not in html
    for name in ("reveal", "body"):
        assert page(event, name) not in html
    assert reverse("admin:webhooks_receivedevent_replay_plan") not in html


def test_download_is_the_exact_bytes_and_never_runs(
    client: Client, member: MakeMember, event: ReceivedEvent
) -> None:
    client.force_login(member(Role.SUPPORT))
    response = client.post(page(event, "body"))
    assert response.content == json.dumps(BODY).encode()
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert AuditEntry.objects.filter(action="received_event.body_downloaded").exists()


@pytest.mark.parametrize("name", ["reveal", "body"])
def test_who_may_see_a_body(
    client: Client, member: MakeMember, event: ReceivedEvent, name: str
) -> None:
    url = page(event, name)
    assert client.post(url).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.VIEWER))
    assert client.post(url).status_code == 403
    client.force_login(member(Role.SUPPORT))
    assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.SUPPORT))
    assert strict.post(url).status_code == 403
    assert not AuditEntry.objects.filter(object_id=str(event.pk)).exists()
    assert client.post(url).status_code == 200


def test_page_itself_takes_no_post(client: Client, superuser: User, event: ReceivedEvent) -> None:
    client.force_login(superuser)
    assert client.post(page(event)).status_code == 405


def test_long_batches_page_and_show_what_was_set_aside(
    client: Client, superuser: User, site: Site
) -> None:
    event = received_event(
        SourceFactory.create(site=site), Status.PARTLY_PROCESSED,
        rows_applied=59, rows_quarantined=1, cause="BAD_ROW", reason="1 of 60 rows were set aside.",
    )  # fmt: skip
    for number in range(60):
        EventOutcome.objects.create(
            received_event=event, position=number, event_type="soft",
            outcome=Outcome.QUARANTINED if number == 57 else Outcome.APPLIED,
        )  # fmt: skip
    client.force_login(superuser)
    first = client.get(page(event))
    assert len(first.context["rows"]) == 50
    second = client.get(page(event), {"from_row": first.context["next_row"]})
    assert [row.outcome.position for row in second.context["rows"]] == list(range(50, 60))
    aside = client.get(page(event), {"rows": "set_aside"})
    assert [row.outcome.position for row in aside.context["rows"]] == [57]


def test_neighbours_are_of_the_same_source(client: Client, superuser: User, site: Site) -> None:
    source = SourceFactory.create(site=site)
    old, middle, new = (received_event(source, Status.PROCESSED) for _ in range(3))
    received_event(SourceFactory.create(site=site), Status.PROCESSED)
    client.force_login(superuser)
    context = client.get(page(middle)).context
    assert (context["older_event"], context["newer_event"]) == (old, new)
    assert client.get(page(new)).context["newer_event"] is None
