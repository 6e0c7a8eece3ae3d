from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Consent, Contact, ContactMerge, Preference
from contacts.services import AppliedChange, ChangeKind
from integrations.contact_change import Channel, ConsentFact, Deletion
from integrations.generic_api.options import CustomOption, OptionType, StoredAs
from integrations.generic_api.visitor import VisitorData
from onsite import people
from sites.models import Site
from tests.contacts.changes import apply as tell
from tests.factories import SiteFactory

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
NUMBER = "20040217-7935"
OTHER_NUMBER = "19900101-2385"
OPTIONS = (
    CustomOption(key="pet", label="Pet", type=OptionType.CHOICE, values=("Dog", "Cat")),
    CustomOption(key="visits", label="Visits", type=OptionType.NUMBER),
    CustomOption(
        key="acceptsEmail",
        label="Newsletter",
        type=OptionType.BOOLEAN,
        stored_as=StoredAs.EMAIL_PREFERENCE,
    ),
    CustomOption(
        key="acceptsSms", label="SMS", type=OptionType.BOOLEAN, stored_as=StoredAs.SMS_PREFERENCE
    ),
    CustomOption(
        key="acceptsPostal",
        label="Letters",
        type=OptionType.BOOLEAN,
        stored_as=StoredAs.POSTAL_PREFERENCE,
    ),
    CustomOption(key="terms", label="Terms", type=OptionType.BOOLEAN, stored_as=StoredAs.CONSENT),
)


def say(site: Site, at: datetime = NOW, *, tag: str = "", **values: Any) -> AppliedChange:
    """Apply what a visitor with these values says."""
    change = people.contact_change(
        visitor=VisitorData(**values), options=OPTIONS, tag=tag, occurred_at=at
    )
    return people.apply(site=site, change=change, label="Onsite", received_at=at)


def find(site: Site, **values: Any) -> people.FoundPerson:
    return people.person_find(site=site, visitor=VisitorData(**values))


def contact_of(applied: AppliedChange) -> Contact:
    assert applied.contact_id is not None
    return Contact.objects.get(pk=applied.contact_id)


def contact_with(site: Site, **identities: Any) -> Contact:
    return contact_of(tell(site, identities))


@pytest.mark.parametrize(
    "visitor",
    [
        {"email": " JANE@Example.com"},
        {"phone": "070-123 45 67"},
        {"phone": "+46701234567"},
        {"personal_identity": "040217-7935"},
        {"email": "jane@example.com", "phone": "0701234567", "personal_identity": NUMBER},
    ],
)
def test_any_identity_finds_the_person_however_it_is_spelled(
    site: Site, visitor: dict[str, str]
) -> None:
    jane = contact_with(
        site, email="jane@example.com", phone="0701234567", personal_identity_number=NUMBER
    )
    found = find(site, **visitor)
    assert (found.contact, found.notes) == (jane, ())


def test_nobody_of_another_site_is_found(site: Site) -> None:
    contact_with(SiteFactory.create(), email="jane@example.com", phone="0701234567")
    assert find(site, email="jane@example.com", phone="0701234567").contact is None


def test_an_erased_person_is_unknown(site: Site) -> None:
    contact_with(site, email="jane@example.com", contact="1")
    tell(site, {"contact": "1"}, 5, deletion=Deletion())
    assert Contact.objects.filter(deleted_at__isnull=False).exists()
    assert find(site, email="jane@example.com").contact is None
    assert say(site, email="jane@example.com").kind is ChangeKind.CREATED


def test_the_address_decides_and_others_are_noted_without_their_values(site: Site) -> None:
    jane = contact_with(site, email="jane@example.com")
    contact_with(site, phone="0701234567")
    contact_with(site, personal_identity_number=NUMBER)
    found = find(site, email="jane@example.com", phone="0701234567", personal_identity=NUMBER)
    assert found.contact == jane
    assert len(found.notes) == 2
    for note in found.notes:
        assert note.startswith("OTHER_PERSON: The p")
        assert "e-mail address decided" in note
        assert not any(character.isdigit() for character in note)


def test_without_an_address_the_phone_decides_and_then_the_number(site: Site) -> None:
    by_phone = contact_with(site, phone="0701234567")
    by_number = contact_with(site, personal_identity_number=NUMBER)
    assert find(site, phone="0701234567", personal_identity=NUMBER).contact == by_phone
    assert find(site, personal_identity=NUMBER).contact == by_number
    unknown = find(site, email="new@example.com", phone="0709999999", personal_identity=NUMBER)
    assert unknown.contact == by_number


def test_a_family_phone_does_not_make_two_people_one(site: Site) -> None:
    parent = contact_with(site, email="parent@example.com", phone="0701234567")
    found = find(site, email="child@example.com", phone="0701234567")
    assert found.contact is None
    assert "taken as new" in found.notes[0]

    applied = say(site, email="child@example.com", phone="0701234567")
    assert applied.kind is ChangeKind.CREATED
    assert contact_of(applied).phone is None
    parent.refresh_from_db()
    assert (parent.email, parent.phone) == ("parent@example.com", "+46701234567")


def test_bad_values_are_left_out_and_noted(site: Site) -> None:
    visitor: dict[str, Any] = {
        "email": "jane@example.com",
        "phone": "12",
        "personal_identity": "20040217-0000",
    }
    codes = {note.partition(":")[0] for note in find(site, **visitor).notes}
    assert codes == {"BAD_PHONE", "BAD_PERSONAL_IDENTITY"}
    applied = say(site, **visitor)
    assert {note.partition(":")[0] for note in applied.notes} == codes
    contact = Contact.objects.get()
    assert (contact.email, contact.phone, contact.personal_identity_hash) == (
        "jane@example.com",
        None,
        None,
    )


def test_a_visitor_never_joins_two_contacts(site: Site) -> None:
    jane = contact_with(site, email="jane@example.com")
    contact_with(site, phone="0701234567")
    contact_with(site, personal_identity_number=NUMBER)
    applied = say(site, email="jane@example.com", phone="0701234567", personal_identity=NUMBER)
    assert applied.contact_id == jane.pk
    assert len(applied.notes) == 2
    assert Contact.objects.count() == 3
    assert not ContactMerge.objects.exists()


def test_the_address_decides_over_a_number_that_is_another(site: Site) -> None:
    jane = contact_with(site, email="jane@example.com", personal_identity_number=NUMBER)
    before = jane.personal_identity_hash
    applied = say(site, email="jane@example.com", personal_identity=OTHER_NUMBER, name="Jane Doe")
    assert applied.contact_id == jane.pk
    jane.refresh_from_db()
    assert (jane.first_name, jane.personal_identity_hash) == ("Jane", before)
    assert [note.partition(":")[0] for note in applied.notes] == ["OTHER_NUMBER"]


def test_what_was_said_is_read_back(site: Site) -> None:
    said = VisitorData(
        email="jane@example.com",
        phone="+46701234567",
        name="Jane van der Doe",
        personal_identity=NUMBER,
        options={"pet": "Dog", "acceptsEmail": True, "acceptsSms": False, "terms": True},
    )
    change = people.contact_change(visitor=said, options=OPTIONS, tag="NewFriend", occurred_at=NOW)
    applied = people.apply(site=site, change=change, label="Campaign page", received_at=NOW)
    contact = contact_of(applied)
    assert people.visitor_of(contact, OPTIONS) == said
    assert people.stored_tag(contact) == "NewFriend"
    assert (contact.first_name, contact.last_name) == ("Jane", "van der Doe")
    consent = Consent.objects.get()
    assert (consent.consent_id, consent.value, consent.source_label) == ("terms", True, "Onsite")
    assert dict(Preference.objects.values_list("channel", "accepts")) == {
        "email": True,
        "sms": False,
    }


def test_what_the_visitor_left_out_is_left_alone(site: Site) -> None:
    say(
        site,
        email="jane@example.com",
        phone="0701234567",
        name="Jane Doe",
        options={"pet": "Cat", "terms": False},
        tag="NewFriend",
    )
    before = people.visitor_of(Contact.objects.get(), OPTIONS)
    applied = say(site, NOW + timedelta(minutes=1), email="jane@example.com")
    assert applied.kind is ChangeKind.UNCHANGED
    assert people.visitor_of(Contact.objects.get(), OPTIONS) == before
    assert people.stored_tag(Contact.objects.get()) == "NewFriend"


def test_a_known_name_keeps_the_way_it_was_split(site: Site) -> None:
    who: dict[str, Any] = {"email": "jane@example.com"}
    tell(site, who, fields={"first_name": "Jane", "last_name": "Berg Doe"})
    assert say(site, **who, name="Jane  Berg Doe").kind is ChangeKind.UNCHANGED
    say(site, **who, name="Jane Svensson")
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == ("Jane", "Svensson")
    say(site, NOW + timedelta(minutes=1), **who, name="Cher")
    assert people.visitor_of(Contact.objects.get(), ()).name == "Cher"


def test_values_of_another_type_are_not_the_option(site: Site) -> None:
    tell(site, {"email": "jane@example.com"}, attributes={"pet": {"kind": "Dog"}, "visits": []})
    contact = Contact.objects.get()
    assert people.visitor_of(contact, OPTIONS).options == {}
    assert people.stored_tag(contact) == ""


def test_preferences_of_other_systems_are_read(site: Site) -> None:
    tell(
        site,
        {"email": "jane@example.com"},
        preferences={Channel.POSTAL: False},
        consents=(ConsentFact(consent_id="terms", value=True),),
        attributes={"visits": 3},
    )
    options = people.visitor_of(Contact.objects.get(), OPTIONS).options
    assert (options["acceptsPostal"], options["terms"]) == (False, True)
    assert "acceptsEmail" not in options
    assert str(options["visits"]) == "3"


def test_a_number_that_does_not_decrypt_is_left_out(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    contact_with(site, email="jane@example.com", personal_identity_number=NUMBER)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET personal_identity_number = 'enc:v1:gone:AAAA'")
    found = find(site, email="jane@example.com").contact
    assert found is not None
    assert people.visitor_of(found, ()) == VisitorData(email="jane@example.com")
    assert str(found.pk) in caplog.text


def test_finding_asks_at_most_once_for_each_identity(site: Site) -> None:
    with CaptureQueriesContext(connection) as queries:
        find(site, email="jane@example.com", phone="0701234567", personal_identity=NUMBER)
    assert len(queries) == 3


@pytest.mark.django_db(transaction=True)
def test_the_same_visitor_at_the_same_moment_is_one_contact(site: Site) -> None:
    results = _at_once(
        lambda number: say(
            site,
            NOW + timedelta(seconds=number),
            email="jane@example.com",
            phone="0701234567",
            personal_identity=NUMBER,
            name=f"Jane Doe{number}",
        )
    )
    contact = Contact.objects.get()
    assert {applied.contact_id for applied in results} == {contact.pk}
    assert [applied.kind for applied in results].count(ChangeKind.CREATED) == 1
    assert contact.last_name == "Doe7"


def _at_once(work: Callable[[int], AppliedChange]) -> list[AppliedChange]:
    barrier = Barrier(8)

    def run(number: int) -> AppliedChange:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, range(8)))
