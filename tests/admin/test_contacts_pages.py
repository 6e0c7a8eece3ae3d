"""Contacts in the console: the list, the person, and the timeline."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Activity, Consent, Contact, ContactMerge, ContactRevision, Preference
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:contacts_contact_changelist")
NUMBER = "20040217-7935"


@pytest.fixture
def contact(site: Site) -> Contact:
    now = timezone.now()
    contact = Contact.objects.create(
        site=site, email="jane@example.com", phone="+46701234567", external_id="M-1",
        first_name="Jane", personal_identity_number=NUMBER, personal_identity_hash="h" * 64,
        attributes={"club": {"level": "gold"}}, created_at=now, updated_at=now,
    )  # fmt: skip
    Preference.objects.create(
        contact=contact, channel="email", accepts=False, changed_at=now,
        source_label="Voyado Engage", actor_label="Store clerk",
    )  # fmt: skip
    Consent.objects.create(contact=contact, consent_id="club", value=True, changed_at=now)
    return contact


def page(contact: Contact, name: str = "change") -> str:
    return reverse(f"admin:contacts_contact_{name}", args=[contact.pk])


def shown(client: Client, **params: Any) -> list[Contact]:
    response = client.get(LIST, params)
    assert response.status_code == 200
    found: list[Contact] = response.context["cl"].result_list
    return found


def test_search_reads_a_phone_as_of_the_sites_country(
    client: Client, superuser: User, contact: Contact
) -> None:
    elsewhere = SiteFactory.create(default_country="NO")
    now = timezone.now()
    Contact.objects.create(site=elsewhere, phone="+4770123456", created_at=now, updated_at=now)
    client.force_login(superuser)
    for text in ("JANE@example.com", "070-123 45 67", "M-1", str(contact.pk)):
        assert shown(client, q=text) == [contact], text
    assert shown(client, q="jane@example.com", site=elsewhere.pk) == []
    assert shown(client, q="nobody") == []


def test_list_marks_preferences_with_words(
    client: Client, superuser: User, contact: Contact
) -> None:
    client.force_login(superuser)
    html = client.get(LIST).content.decode()
    assert 'title="E-mail: no"' in html
    assert 'title="SMS: not known"' in html


def test_page_shows_who_said_what(client: Client, superuser: User, contact: Contact) -> None:
    client.force_login(superuser)
    html = client.get(page(contact)).content.decode()
    for words in ("Voyado Engage, Store clerk", "club", "&quot;gold&quot;", "never by hand"):
        assert words in html
    assert "_save" not in html


def test_page_leads_to_what_came_in_and_went_out_about_the_person(
    client: Client, superuser: User, contact: Contact
) -> None:
    client.force_login(superuser)
    html = client.get(page(contact)).content.decode()
    for kind in ("webhooks_receivedevent", "webhooks_delivery", "onsite_submission"):
        address = f"{reverse(f'admin:{kind}_changelist')}?q={contact.pk}"
        assert f'href="{address}"' in html
        assert client.get(address).status_code == 200


def test_personal_identity_number_is_for_admins_on_request(
    client: Client, member: MakeMember, contact: Contact
) -> None:
    url = page(contact, "reveal")
    assert client.post(url).headers["Location"].startswith(reverse("admin:login"))
    client.force_login(member(Role.OPERATOR))
    assert url not in client.get(page(contact)).content.decode()
    assert client.post(url).status_code == 403
    client.force_login(member(Role.ADMIN))
    assert NUMBER not in client.get(page(contact)).content.decode()
    assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.ADMIN))
    assert strict.post(url).status_code == 403
    assert not AuditEntry.objects.filter(object_id=str(contact.pk)).exists()
    assert NUMBER in client.post(url).content.decode()
    entry = AuditEntry.objects.get(object_id=str(contact.pk))
    assert entry.action == "contact.personal_identity_revealed"
    assert NUMBER not in str(entry.changes)


def test_timeline_tells_everything_in_order_and_what_caused_it(
    client: Client, superuser: User, contact: Contact
) -> None:
    now = timezone.now()
    event_id = uuid.uuid4()
    common = {"site": contact.site, "contact": contact}
    ContactRevision.objects.create(
        **common, at=now, changes={"city": ["Lund", "Malmö"]}, received_event_id=event_id
    )
    Activity.objects.create(
        **common, type="point.balance.updated", recorded_at=now,
        occurred_at=now - timedelta(hours=1), properties={"points": 120},
    )  # fmt: skip
    ContactMerge.objects.create(
        **common, absorbed_id=uuid.uuid4(), at=now - timedelta(hours=2), joined_by="email"
    )
    client.force_login(superuser)
    response = client.get(page(contact))
    times = [entry.at for entry in response.context["timeline"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    html = response.content.decode()
    for words in ("Malmö", "point.balance.updated", "120"):
        assert words in html
    assert reverse("admin:webhooks_receivedevent_change", args=[event_id]) in html


@pytest.mark.parametrize("step", [0, 1])
def test_long_timelines_page_back_to_the_first_entry(
    client: Client, superuser: User, contact: Contact, step: int
) -> None:
    """Also when all entries are of one instant, as the rows of one batch are."""
    now = timezone.now()
    for number in range(120):
        ContactRevision.objects.create(
            site=contact.site, contact=contact, at=now - timedelta(minutes=step * number),
            changes={"city": ["", str(number)]},
        )  # fmt: skip
    client.force_login(superuser)
    seen = []
    before = ""
    for _ in range(5):
        context = client.get(page(contact), {"before": before}).context
        seen += [entry.changes[0].after for entry in context["timeline"]]
        before = context["older"]
        if not before:
            break
    assert sorted(seen, key=int) == [str(number) for number in range(120)]


def test_tombstone_says_why(client: Client, superuser: User, site: Site) -> None:
    now = timezone.now()
    gone = Contact.objects.create(
        site=site, created_at=now, updated_at=now, deleted_at=now, deletion_reason="Asked for it"
    )
    client.force_login(superuser)
    html = client.get(page(gone)).content.decode()
    assert "was erased" in html
    assert "Asked for it" in html
    assert "Erased" in client.get(LIST).content.decode()


def test_nobody_edits_a_contact(client: Client, superuser: User, contact: Contact) -> None:
    client.force_login(superuser)
    assert client.post(page(contact), {"email": "x@example.com"}).status_code == 405
    assert client.get(reverse("admin:contacts_contact_add")).status_code == 403
    delete = reverse("admin:contacts_contact_delete", args=[contact.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert Contact.objects.get().email == "jane@example.com"
