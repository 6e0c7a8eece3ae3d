"""What a person may ask for: a copy of all that is kept of them, and an erasure of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.without_person import ERASED
from contacts.models import Contact, ContactSourceId, SubjectErasure
from contacts.services import contact_apply
from contacts.subject_rights.erasing import erase_pending
from contacts.subject_rights.personal_data import places
from integrations.causes import RejectionCause
from integrations.contact_change import ContactChange, Identity
from integrations.models import ApiCall
from sites.audit import Actor
from sites.jobs import job_cancel, run_job_slice
from sites.models import AuditEntry, Job, JobState, Role, Site
from tests.conftest import MakeMember
from tests.contacts.changes import apply, source
from tests.contacts.whole_database import tables_with
from tests.factories import SourceFactory
from tests.integrations.api_calls import api_call
from tests.webhooks.custom_events import worked_off
from tests.webhooks.delivering import deliver, receiver, subscription
from tests.webhooks.received import rejected_request
from tests.webhooks.reception import Sender, engage_source, reloaded_directory
from webhooks.models import Event, ReceivedEvent, Source

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, PHONE, EXTERNAL_ID = "zelda.quux@example.com", "+46701239876", "EXT-98765-Z"
NUMBER = "20040217-7935"
# What the sender knows besides; the id at the sender stays with the tombstone.
CANARIES = (EMAIL, "701239876", EXTERNAL_ID, NUMBER, "Zeldaquux", "canary-attribute")
OTHER = "somebody.else@example.com"


def engage_event(**more: Any) -> bytes:
    payload = {
        "contactId": "7f4a2a52-0000-4000-8000-000000000001",
        "email": "Zelda.Quux@Example.com",
        "mobilePhone": PHONE,
        "externalId": EXTERNAL_ID,
        "firstName": "Zeldaquux",
        "customAttributes": {"note": "canary-attribute"},
        "swedishFinnishPersonalIdentityNumber": NUMBER,
    }
    return json.dumps(
        {
            "eventId": "e-1", "eventType": "contact.created", "isEncrypted": False,
            "payload": payload | more, "tenant": "acme",
        }
    ).encode()  # fmt: skip


def ongage_batch(*emails: str) -> bytes:
    rows = [
        {"email": email, "list_id": 9997, "status": "soft", "esp_name": "Amazon SES"}
        for email in emails
    ]
    return json.dumps(rows).encode()


@pytest.fixture
def engage(site: Site) -> Source:
    return engage_source(site=site)


@pytest.fixture
def ongage(site: Site) -> Source:
    return SourceFactory.create(
        site=site, preset_key="ongage", settings={"verification": "token_query",
        "token_parameter": "token"}, secrets={"tokens": ["t" * 40]},
    )  # fmt: skip


@pytest.fixture
def known(site: Site, engage: Source, ongage: Source) -> Contact:
    """Zelda, of whom every log has something: received, refused, sent, called."""
    with receiver() as crm:
        subscription(crm.url, site=site, format_key="raw_request")
        subscription(crm.url, site=site)
        reloaded_directory()
        assert Sender(engage).post(engage_event()).status_code == 200
        worked_off()
        batch = ongage_batch(OTHER, EMAIL)
        assert Sender(ongage).post(batch, {}, query={"token": "t" * 40}).status_code == 200
        worked_off()
        deliver()
    rejected_request(engage, RejectionCause.BAD_SIGNATURE, engage_event(), detail=f"From {EMAIL}.")
    ApiCall.objects.create(
        site=site, at=timezone.now(), direction="sent", operation="lookup", purpose="trial",
        outcome="found", method="GET", url="https://shop.example/?email=zelda.quux%40example.com",
        response_body='{"name": "Zeldaquux"}', duration_ms=1,
    )  # fmt: skip
    return Contact.objects.get(email=EMAIL)


def erase(client: Client, contact: Contact, **form: Any) -> Any:
    page = reverse("admin:contacts_contact_erase", args=[contact.pk])
    return client.post(page, {"reason": "Asked by letter", "confirmation": "erase"} | form)


def worked_off_job() -> Job:
    job = Job.objects.get(kind="subject_erasure")
    while Job.objects.get(pk=job.pk).state in (JobState.PENDING, JobState.RUNNING):
        run_job_slice(job.pk)
    return Job.objects.get(pk=job.pk)


def test_what_was_erased_is_nowhere_in_the_database(
    client: Client, member: MakeMember, site: Site, known: Contact
) -> None:
    client.force_login(member(Role.ADMIN))
    assert all(tables_with(EMAIL, "Zeldaquux", "canary-attribute").values())
    api_call(site, contact_id=known.pk, response_body="Zeldaquux")
    about = Event.objects.filter(contact=known).count()
    assert about > 1
    assert erase(client, known).status_code == 302
    assert worked_off_job().state == JobState.DONE
    assert tables_with(*CANARIES) == {canary: [] for canary in CANARIES}
    erasure = SubjectErasure.objects.get()
    assert (erasure.state, erasure.reason) == ("done", "Asked by letter")
    # What went with the contact is in the report, beside what the job found.
    assert erasure.found == {
        "calls": 2, "files": 0, "received": 2, "rejected": 1, "events": about + 1,
    }  # fmt: skip
    tombstone = Contact.objects.get(pk=known.pk)
    assert (tombstone.deletion_reason, tombstone.email) == ("Asked by letter", None)
    assert ContactSourceId.objects.filter(contact=known).exists()


def test_who_shares_a_body_with_the_person_stays_in_it(
    client: Client, member: MakeMember, site: Site, known: Contact, ongage: Source
) -> None:
    client.force_login(member(Role.ADMIN))
    erase(client, known)
    worked_off_job()
    body = ReceivedEvent.objects.get(source=ongage).body
    rows = json.loads(bytes(body or b""))
    assert [row.get("email") for row in rows] == [OTHER, None]
    assert rows[1] == ERASED
    assert Contact.objects.filter(email=OTHER).exists()
    raw = Event.objects.exclude(raw_body=None)
    assert all(OTHER in bytes(event.raw_body or b"").decode() for event in raw)


def test_an_erasure_that_a_source_asks_for_reaches_the_logs_too(
    site: Site, known: Contact, engage: Source
) -> None:
    deletion = json.dumps(
        {
            "eventId": "e-2", "eventType": "contact.deleted", "isEncrypted": False,
            "payload": {
                "contactId": "7f4a2a52-0000-4000-8000-000000000001",
                "deletionReason": "cancelled membership",
            },
            "tenant": "acme",
        }
    ).encode()  # fmt: skip
    assert Sender(engage).post(deletion).status_code == 200
    worked_off()
    assert SubjectErasure.objects.get().state == "pending"
    assert erase_pending() == 1
    assert tables_with(*CANARIES) == {canary: [] for canary in CANARIES}
    assert erase_pending() == 0


def test_a_job_that_was_stopped_does_not_leave_an_erasure_half_done(
    client: Client, member: MakeMember, site: Site, known: Contact
) -> None:
    admin = member(Role.ADMIN)
    client.force_login(admin)
    erase(client, known)
    assert erase_pending() == 0
    job_cancel(job=Job.objects.get(), actor=Actor(user=admin, label="admin"))
    run_job_slice(Job.objects.get().pk)
    assert Job.objects.get().state == JobState.CANCELLED
    assert erase_pending() == 1
    assert tables_with(*CANARIES) == {canary: [] for canary in CANARIES}


def test_a_copy_holds_all_and_is_noted(
    client: Client, member: MakeMember, site: Site, known: Contact
) -> None:
    client.force_login(member(Role.ADMIN))
    texts = {}
    for form in ("json", "html"):
        place = reverse("admin:contacts_contact_personal_data", args=[known.pk, form])
        response = client.post(place)
        assert "attachment" in response["Content-Disposition"]
        texts[form] = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
        for canary in (EMAIL, PHONE, EXTERNAL_ID, NUMBER, "Zeldaquux", "canary-attribute"):
            assert canary in texts[form], (form, canary)
        assert OTHER not in texts[form]
    document = json.loads(texts["json"])
    titles = [part["title"] for part in document["parts"]]
    assert len(titles) == len(set(titles))
    assert {"Profile", "Activities", "Received", "Events", "Who was told"} <= set(titles)
    entries = AuditEntry.objects.filter(action="contact.personal_data_exported")
    assert entries.count() == 2
    assert EMAIL not in "".join(entry.object_label for entry in entries)


def test_a_page_to_read_escapes_what_senders_wrote(
    client: Client, member: MakeMember, site: Site
) -> None:
    apply(site, {"email": EMAIL}, fields={"first_name": "<script>alert(1)</script>"})
    client.force_login(member(Role.ADMIN))
    contact = Contact.objects.get()
    place = reverse("admin:contacts_contact_personal_data", args=[contact.pk, "html"])
    page = b"".join(client.post(place).streaming_content)  # type: ignore[attr-defined]
    assert b"<script" not in page
    assert b"&lt;script&gt;" in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.OPERATOR])
def test_only_an_admin_of_the_site_may(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    apply(site, {"email": EMAIL})
    contact = Contact.objects.get()
    client.force_login(member(role))
    assert erase(client, contact).status_code == 403
    place = reverse("admin:contacts_contact_personal_data", args=[contact.pk, "json"])
    assert client.post(place).status_code == 403
    page = client.get(reverse("admin:contacts_contact_change", args=[contact.pk]))
    assert b"Erase this person" not in page.content
    assert client.get(reverse("admin:contacts_subjecterasure_changelist")).status_code == 403
    assert Contact.objects.get().email == EMAIL


def test_nothing_is_erased_without_the_word(client: Client, member: MakeMember, site: Site) -> None:
    apply(site, {"email": EMAIL})
    contact = Contact.objects.get()
    client.force_login(member(Role.ADMIN))
    response = erase(client, contact, confirmation="yes")
    assert response.status_code == 200
    assert b"Nothing was erased" in response.content
    assert Contact.objects.get().email == EMAIL
    assert not SubjectErasure.objects.exists()


@pytest.mark.parametrize(
    "who",
    [{"phone": PHONE}, {"external_id": EXTERNAL_ID}, {"contact": "17"}, {"anonymous": "d-1"}],
    ids=["phone", "external id", "id at a sender", "device"],
)
def test_whoever_has_any_name_can_be_erased(
    client: Client, member: MakeMember, site: Site, who: dict[str, str]
) -> None:
    apply(site, who, fields={"first_name": "Zeldaquux"})
    contact = Contact.objects.get()
    client.force_login(member(Role.ADMIN))
    assert erase(client, contact).status_code == 302
    assert worked_off_job().state == JobState.DONE
    contact.refresh_from_db()
    assert contact.deleted_at is not None
    assert tables_with("Zeldaquux") == {"Zeldaquux": []}


def test_who_has_no_name_left_can_be_erased(client: Client, member: MakeMember, site: Site) -> None:
    apply(site, {"email": EMAIL}, fields={"first_name": "Zeldaquux"})
    contact = Contact.objects.get()
    nameless = ContactChange(identity=Identity(), fields={"email": None})
    contact_apply(site=site, change=nameless, source=source(), contact_id=contact.pk)
    client.force_login(member(Role.ADMIN))
    assert erase(client, contact).status_code == 302
    worked_off_job()
    assert tables_with(EMAIL, "Zeldaquux") == {EMAIL: [], "Zeldaquux": []}


def test_nothing_is_erased_of_who_was_created_after_now(
    client: Client, member: MakeMember, site: Site
) -> None:
    ahead = timezone.now() + timedelta(minutes=4)
    created = ContactChange(
        identity=Identity(email=EMAIL),
        occurred_at=ahead,
        revives=True,
        fields={"first_name": "Zeldaquux"},
    )
    contact_apply(site=site, change=created, source=source(received_at=timezone.now()))
    contact = Contact.objects.get()
    client.force_login(member(Role.ADMIN))
    answer = erase(client, contact)
    assert "Nothing was erased" in answer.content.decode()
    contact.refresh_from_db()
    assert (contact.email, contact.first_name) == (EMAIL, "Zeldaquux")
    assert not SubjectErasure.objects.exists()


def test_the_report_names_the_places_and_nobody(
    client: Client, member: MakeMember, site: Site, known: Contact
) -> None:
    client.force_login(member(Role.ADMIN))
    response = erase(client, known)
    worked_off_job()
    page = client.get(response.url).content.decode()
    assert all(place.label in page for place in places())
    assert not any(canary in page for canary in CANARIES)
    listed = client.get(reverse("admin:contacts_subjecterasure_changelist")).content.decode()
    assert "Asked by letter" in listed
