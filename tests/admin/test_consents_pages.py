"""Consents in the console: what a site asks for, and one contact's answers."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Consent, ConsentChange, ConsentDefinition, Contact, Preference
from integrations.contact_change import Channel, ConsentFact, Deletion
from sites.jobs import run_job_slice
from sites.models import AuditEntry, Job, JobState, Role, Site, User
from tests.conftest import MakeMember
from tests.contacts.changes import apply, at, source
from tests.factories import ConsentDefinitionFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:contacts_consentdefinition_changelist")
ADD = reverse("admin:contacts_consentdefinition_add")


def columns(*cultures: dict[str, str]) -> dict[str, str]:
    """Return the fields of the columns as a browser sends them."""
    data = {"texts-TOTAL_FORMS": str(len(cultures)), "texts-INITIAL_FORMS": str(len(cultures))}
    for number, given in enumerate(cultures):
        for name in ("culture", "display", "link", "condition"):
            data[f"texts-{number}-{name}"] = given.get(name, "")
    return data


def url(definition: ConsentDefinition, name: str = "change") -> str:
    return reverse(f"admin:contacts_consentdefinition_{name}", args=[definition.pk])


def contact_url(contact: Contact, *form: str) -> str:
    name = "consent_proof" if form else "consents"
    return reverse(f"admin:contacts_contact_{name}", args=[contact.pk, *form])


@pytest.fixture
def definition(site: Site) -> ConsentDefinition:
    return ConsentDefinitionFactory.create(site=site, consent_id="terms", name="Terms")


@pytest.fixture
def contact(site: Site) -> Contact:
    apply(site, {"email": "jane@example.com"}, 0)
    return Contact.objects.get()


def say(contact: Contact, value: bool, minute: float = 1, **values: Any) -> None:
    fact = ConsentFact(consent_id="terms", value=value, at=at(minute), **values)
    apply(contact.site, {"email": str(contact.email)}, minute, consents=(fact,))


def test_a_consent_is_added_with_its_texts_side_by_side(
    client: Client, member: MakeMember, site: Site
) -> None:
    client.force_login(member(Role.OPERATOR))
    answer = client.post(ADD, {
        "site": site.pk, "name": "Terms", "consent_id": "terms", "is_active": "on",
        **columns(
            {"culture": "sv-SE", "display": "Ja", "condition": "<p>Villkor</p>", "link": "Läs"},
            {"culture": "en-gb", "display": "Yes"},
            {},
        ),
    })  # fmt: skip
    definition = ConsentDefinition.objects.get()
    assert answer["Location"] == url(definition)
    assert definition.versions.get().texts == {
        "en-GB": {"condition": "", "display": "Yes", "link": ""},
        "sv-SE": {"condition": "<p>Villkor</p>", "display": "Ja", "link": "Läs"},
    }
    page = client.get(url(definition)).content.decode()
    # In the form the markup that was typed, elsewhere its words; never as markup.
    assert "&lt;p&gt;Villkor&lt;/p&gt;" in page
    assert "<p>Villkor</p>" not in page
    assert '<div class="terms">Villkor</div>' in page


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"culture": "sv", "display": "Ja"}, "such as sv-SE"),
        ({"display": "Ja"}, "such as sv-SE"),
        ({"culture": "sv-SE", "link": "Läs"}, "write the text beside the box"),
        (
            {"culture": "sv-SE", "display": "Ja", "condition": "<script>x()</script>"},
            "the tag &lt;script&gt; is not taken",
        ),
    ],
)
def test_what_is_wrong_with_a_text_is_said_and_nothing_lost(
    client: Client, superuser: User, definition: ConsentDefinition, column: Any, words: str
) -> None:
    client.force_login(superuser)
    data = {"name": "Typed name", "is_active": "on", **columns(column)}
    page = client.post(url(definition), data).content.decode()
    assert words in page
    assert "Typed name" in page
    assert definition.versions.count() == 1


def test_a_change_of_text_is_the_next_version_and_the_old_one_stays_to_be_read(
    client: Client, superuser: User, definition: ConsentDefinition
) -> None:
    client.force_login(superuser)
    data = {"name": "Terms", **columns({"culture": "en-GB", "display": "I agree to all"})}
    client.post(url(definition), data)
    definition.refresh_from_db()
    assert not definition.is_active
    page = client.get(url(definition)).content.decode()
    assert page.index("Version 2") < page.index("Version 1")
    document = json.loads(client.get(url(definition, "texts")).content)
    assert [each["version"] for each in document["versions"]] == [1, 2]
    assert document["versions"][1]["cultures"]["en-GB"]["displayText"] == "I agree to all"


def test_viewers_look_and_change_nothing(
    client: Client, member: MakeMember, definition: ConsentDefinition, contact: Contact
) -> None:
    client.force_login(member(Role.VIEWER))
    page = client.get(url(definition)).content.decode()
    assert "<textarea" not in page
    assert client.post(url(definition), {"name": "x", **columns()}).status_code == 403
    assert client.get(ADD).status_code == 403
    assert client.post(url(definition, "proof")).status_code == 403
    assert client.get(contact_url(contact)).status_code == 200
    posted = client.post(contact_url(contact), {"consent_id": "terms", "value": "yes"})
    assert posted.status_code == 403
    assert client.post(contact_url(contact, "json")).status_code == 403
    assert not Consent.objects.exists()


def test_the_list_counts_answers_and_offers_to_define_what_is_answered(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    say(contact, True)
    told = (ConsentFact(consent_id="a & b", value=True),)
    apply(contact.site, {"email": "x@example.com"}, consents=told)
    client.force_login(superuser)
    page = client.get(LIST).content.decode()
    assert "1 yes, 0 no" in page
    link = f"{ADD}?site={contact.site_id}&amp;consent_id=a+%26+b&amp;name=a+%26+b"
    assert link in page
    form = client.get(link.replace("&amp;", "&")).content.decode()
    assert form.count('value="a &amp; b"') == 2


def test_one_that_was_answered_is_kept(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    client.force_login(superuser)
    say(contact, True)
    assert "Delete the consent" not in client.get(url(definition, "delete")).content.decode()
    client.post(url(definition, "delete"))
    assert ConsentDefinition.objects.exists()
    other = ConsentDefinitionFactory.create(site=contact.site)
    client.post(url(other, "delete"))
    assert not ConsentDefinition.objects.filter(pk=other.pk).exists()


def test_support_sets_an_answer_with_its_reason(
    client: Client, member: MakeMember, definition: ConsentDefinition, contact: Contact
) -> None:
    user = member(Role.SUPPORT)
    client.force_login(user)
    data = {"consent_id": "terms", "value": "no", "comment": "On the phone"}
    answer = client.post(contact_url(contact), data, follow=True)
    assert "“Terms” was set." in answer.content.decode()
    change = ConsentChange.objects.get()
    assert (change.value, change.comment, change.text_version) == (False, "On the phone", 1)
    assert (change.source_key, change.actor_label) == ("console", user.username)
    page = client.get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()
    assert "On the phone" in page


@pytest.mark.parametrize(
    "values",
    [
        {"comment": ""},
        {"value": "maybe"},
        {"value": ""},
        {"at": "2999-01-01T10:00"},
        {"text_version": "7"},
    ],
)
def test_an_answer_without_a_reason_or_from_the_future_is_refused(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact, values: Any
) -> None:
    client.force_login(superuser)
    data = {"consent_id": "terms", "value": "yes", "comment": "By letter"} | values
    answer = client.post(contact_url(contact), data)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Consent.objects.exists()


def test_a_yes_from_an_older_form_does_not_undo_a_no(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    client.force_login(superuser)
    say(contact, False, 60)
    data = {
        "consent_id": "terms", "value": "yes", "comment": "Paper form", "at": "2026-05-01T10:00",
    }  # fmt: skip
    answer = client.post(contact_url(contact), data, follow=True)
    assert "stays as it was" in answer.content.decode()
    assert Consent.objects.get().value is False


def test_a_preference_is_set_with_its_reason(
    client: Client, superuser: User, contact: Contact
) -> None:
    apply(contact.site, {"email": "jane@example.com"}, 1, preferences={Channel.SMS: True})
    client.force_login(superuser)
    data = {"channel": "sms", "accepts": "no", "reason": "Asked by phone"}
    page = client.post(contact_url(contact), data, follow=True).content.decode()
    row = Preference.objects.get()
    assert (row.accepts, row.cause, row.actor_label) == (
        False,
        "Asked by phone",
        superuser.username,
    )
    assert "Asked by phone" in page
    assert client.post(contact_url(contact), data | {"reason": ""}).status_code == 200


def test_the_proof_of_one_person_has_every_answer_and_its_words(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    client.force_login(superuser)
    say(contact, True, 1, comment="=1+1")
    say(contact, False, 2)
    answer = client.post(contact_url(contact, "json"))
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(answer.content)
    (consent,) = document["consents"]
    assert [each["value"] for each in consent["answers"]] == [False, True]
    assert consent["texts"][0]["cultures"]["en-GB"]["displayText"] == "I agree"
    text = client.post(contact_url(contact, "csv")).content.decode().removeprefix("\ufeff")
    newest, oldest = csv.DictReader(io.StringIO(text))
    assert (newest["answer"], newest["previous_answer"]) == ("no", "yes")
    assert (oldest["comment"], oldest["text"]) == ("'=1+1", "en-GB: I agree")
    actions = AuditEntry.objects.filter(action="consent_proof.downloaded")
    assert actions.count() == 2
    assert client.get(contact_url(contact, "json")).status_code == 405


def test_the_proof_says_when_and_why_a_preference_stands(
    client: Client, superuser: User, contact: Contact
) -> None:
    client.force_login(superuser)
    who = {"email": str(contact.email)}
    told = source("src_till")
    apply(contact.site, who, 1, by=told, preferences={Channel.EMAIL: True})
    apply(contact.site, who, 2, preferences={Channel.EMAIL: False}, cause="unsubscribe link")
    document = json.loads(client.post(contact_url(contact, "json")).content)
    (now,) = document["preferencesNow"]
    assert (now["accepts"], now["reason"], now["date"]) == (
        False, "unsubscribe link", "2026-05-01T12:02:00Z",
    )  # fmt: skip
    assert [each["accepts"] for each in document["preferences"]] == [False, True]
    first = document["preferences"][1]
    assert (first["sourceKey"], first["receivedEvent"]) == ("src_till", str(told.received_event_id))
    text = client.post(contact_url(contact, "csv")).content.decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kind"] for row in rows] == ["preference now", "preference", "preference"]
    assert (rows[0]["answered_at"], rows[0]["comment"]) == (now["date"], "unsubscribe link")
    assert rows[2]["received_event"] == str(told.received_event_id)


def test_the_proof_names_the_contacts_that_became_one(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    client.force_login(superuser)
    assert "Joined contacts" not in client.get(contact_url(contact)).content.decode()
    phone = {"phone": "+46701234567"}
    fact = ConsentFact(consent_id="terms", value=True, at=at(1))
    apply(contact.site, phone, 1, consents=(fact,))
    joined = Contact.objects.get(phone=phone["phone"])
    told = source("src_till")
    apply(contact.site, {"email": "jane@example.com"} | phone, 2, by=told)
    page = client.get(contact_url(contact)).content.decode()
    assert str(joined.pk) in page
    document = json.loads(client.post(contact_url(contact, "json")).content)
    assert len(document["consents"][0]["answers"]) == 1
    (named,) = document["joinedContacts"]
    assert (named["id"], named["joinedBy"]) == (str(joined.pk), "phone")
    assert named["receivedEvent"] == str(told.received_event_id)
    text = client.post(contact_url(contact, "csv")).content.decode().removeprefix("\ufeff")
    last = list(csv.DictReader(io.StringIO(text)))[-1]
    assert (last["kind"], last["id"], last["comment"]) == (
        "joined contact", str(joined.pk), "phone",
    )  # fmt: skip
    assert (last["contact_id"], last["recorded_at"]) == (str(contact.pk), named["joinedAt"])


def test_the_proof_of_a_consent_is_a_file_that_a_job_writes(
    client: Client, member: MakeMember, definition: ConsentDefinition, contact: Contact
) -> None:
    say(contact, True, 1)
    say(contact, False, 2)
    told = (ConsentFact(consent_id="terms", value=True, at=at(3)),)
    apply(contact.site, {"email": "x@example.com"}, 3, by=source("src_till"), consents=told)
    client.force_login(member(Role.OPERATOR))
    client.post(url(definition, "proof"))
    job = Job.objects.get()
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 3)
    page = client.get(url(definition)).content.decode()
    file = page.partition("/contacts/contact/export/")[2].partition("/")[0]
    answer: Any = client.get(reverse("admin:contacts_contact_export_file", args=[file]))
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["email"], row["answer"], row["text_version"]) for row in rows] == [
        ("jane@example.com", "yes", "1"),
        ("jane@example.com", "no", "1"),
        ("x@example.com", "yes", "1"),
    ]


def test_nobody_answers_for_who_was_erased(
    client: Client, superuser: User, definition: ConsentDefinition, contact: Contact
) -> None:
    apply(contact.site, {"email": "jane@example.com"}, 5, deletion=Deletion())
    client.force_login(superuser)
    assert client.get(contact_url(contact)).status_code == 404
    assert client.post(contact_url(contact, "csv")).status_code == 404
    page = client.get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()
    assert 'id="section-consents"' not in page
