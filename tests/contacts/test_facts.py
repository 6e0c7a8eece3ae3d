from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from contacts.models import Contact, ContactRevision
from contacts.services import ChangeKind
from sites.models import Site
from tests.contacts.changes import apply, at

JANE = {"email": "jane@example.com"}


def test_a_person_who_is_not_known_becomes_a_contact(site: Site) -> None:
    result = apply(
        site,
        {"email": "Jane.Doe@Example.COM", "phone": "070-123 45 67", "contact": "e-1"},
        fields={"first_name": " Jane ", "country_code": "se", "birth_date": "1990-02-03T00:00"},
        attributes={"shoe_size": 38},
    )
    contact = Contact.objects.get()
    assert result.kind is ChangeKind.CREATED
    assert result.contact_id == contact.pk
    assert result.notes == ()
    assert (contact.email, contact.phone) == ("jane.doe@example.com", "+46701234567")
    assert (contact.first_name, contact.country_code) == ("Jane", "SE")
    assert str(contact.birth_date) == "1990-02-03"
    assert contact.attributes == {"shoe_size": 38}
    assert contact.source_ids.values_list("source_key", "kind", "value").get() == (
        "src_engage",
        "contact",
        "e-1",
    )
    assert result.changes == {
        "email": [None, "jane.doe@example.com"],
        "phone": [None, "+46701234567"],
        "first_name": [None, "Jane"],
        "country_code": [None, "SE"],
        "birth_date": [None, "1990-02-03"],
        "attribute.shoe_size": [None, 38],
    }


def test_the_same_again_changes_nothing_and_writes_no_revision(site: Site) -> None:
    fields = {"first_name": "Jane", "city": "Lund"}
    apply(site, JANE, fields=fields)
    before = Contact.objects.get().updated_at
    result = apply(site, JANE, fields=fields)
    assert result.kind is ChangeKind.UNCHANGED
    assert result.changes == {}
    assert Contact.objects.get().updated_at == before
    assert ContactRevision.objects.count() == 1


def test_an_older_fact_never_overwrites_a_newer_one_field_by_field(site: Site) -> None:
    apply(site, JANE, 10, fields={"city": "Lund"})
    result = apply(site, JANE, 5, fields={"city": "Malmö", "street": "Storgatan 1"})
    contact = Contact.objects.get()
    assert (contact.city, contact.street) == ("Lund", "Storgatan 1")
    assert result.changes == {"street": [None, "Storgatan 1"]}


def test_repeating_a_value_keeps_older_facts_out(site: Site) -> None:
    apply(site, JANE, 1, fields={"city": "Lund"})
    apply(site, JANE, 20, fields={"city": "Lund"})
    apply(site, JANE, 10, fields={"city": "Malmö"})
    assert Contact.objects.get().city == "Lund"


def test_of_two_facts_with_one_time_the_later_arrival_wins(site: Site) -> None:
    apply(site, JANE, 1, fields={"city": "Lund"})
    apply(site, JANE, 1, fields={"city": "Malmö"})
    assert Contact.objects.get().city == "Malmö"


def test_null_clears_and_absence_leaves_alone(site: Site) -> None:
    apply(
        site,
        JANE | {"phone": "+46701234567"},
        1,
        fields={"city": "Lund", "street": "A 1"},
        attributes={"a": 1, "b": 2},
    )
    result = apply(site, JANE, 2, fields={"city": None, "phone": None}, attributes={"a": None})
    contact = Contact.objects.get()
    assert (contact.city, contact.street, contact.phone) == ("", "A 1", None)
    assert contact.attributes == {"b": 2}
    assert result.changes == {
        "city": ["Lund", None],
        "phone": ["+46701234567", None],
        "attribute.a": [1, None],
    }


def test_a_fact_without_time_counts_from_reception(site: Site) -> None:
    apply(site, JANE, None, fields={"city": "Lund"})
    apply(site, JANE, 600, fields={"city": "Malmö"})
    assert Contact.objects.get().city == "Lund"


def test_a_time_in_the_future_does_not_block_what_comes_later(site: Site) -> None:
    apply(site, JANE, 60 * 24 * 400, fields={"city": "Lund"})
    apply(site, JANE, None, fields={"city": "Malmö"})
    assert Contact.objects.get().city == "Malmö"


@pytest.mark.parametrize(
    ("who", "fields", "code"),
    [
        ({"phone": "12"}, {}, "BAD_PHONE"),
        ({"personal_identity_number": "20040217-7936"}, {}, "BAD_PERSONAL_IDENTITY"),
        ({"external_id": "x" * 201}, {}, "BAD_EXTERNAL_ID"),
        ({"contact": "x" * 201}, {}, "BAD_SOURCE_ID"),
        ({}, {"birth_date": "yesterday"}, "BAD_BIRTH_DATE"),
        ({}, {"birth_date": "3026-01-01"}, "BAD_BIRTH_DATE"),
        ({}, {"country_code": "Sweden"}, "BAD_COUNTRY"),
        ({}, {"language": "sv/SE"}, "BAD_LANGUAGE"),
        ({}, {"first_name": "x" * 201}, "VALUE_CUT"),
        ({}, {"nickname": "J"}, "UNKNOWN_FIELD"),
    ],
)
def test_a_doubtful_part_is_dropped_with_a_note(
    site: Site, who: dict[str, Any], fields: dict[str, Any], code: str
) -> None:
    result = apply(site, JANE | who, fields=fields | {"city": "Lund"})
    assert result.kind is ChangeKind.CREATED
    assert [note.partition(":")[0] for note in result.notes] == [code]
    contact = Contact.objects.get()
    assert (contact.email, contact.city, contact.phone) == ("jane@example.com", "Lund", None)


@pytest.mark.parametrize(
    ("who", "cause"),
    [
        ({}, "NO_IDENTITY"),
        ({"email": "  "}, "NO_IDENTITY"),
        ({"email": "jane@"}, "BAD_EMAIL"),
        ({"phone": "call me"}, "BAD_PHONE"),
        ({"email": "x", "phone": "y"}, "BAD_EMAIL"),
        ({"external_id": "\x00"}, "NO_IDENTITY"),
    ],
)
def test_a_change_that_names_nobody_is_rejected(
    site: Site, who: dict[str, Any], cause: str
) -> None:
    result = apply(site, who, fields={"city": "Lund"})
    assert (result.kind, result.cause, result.contact_id) == (ChangeKind.REJECTED, cause, None)
    assert result.reason
    assert not Contact.objects.exists()


def test_text_that_no_database_stores_is_cleaned(site: Site) -> None:
    apply(
        site,
        JANE,
        fields={"first_name": "Ja\x00ne\ud800", "city": "Lu\nnd"},
        attributes={"a\x00b": "x\ud800", "deep": {"k\x00": [float("nan"), 10**30, 1.5]}},
    )
    contact = Contact.objects.get()
    assert (contact.first_name, contact.city) == ("Jane", "Lu nd")
    assert contact.attributes == {"ab": "x", "deep": {"k": [None, str(10**30), 1.5]}}


def test_a_personal_identity_number_is_found_by_its_hash_and_never_shown(site: Site) -> None:
    first = apply(site, {"personal_identity_number": "040217-7935"}, 1)
    again = apply(site, {"personal_identity_number": "20040217-7935"}, 2, fields={"city": "Lund"})
    contact = Contact.objects.get()
    assert again.contact_id == first.contact_id
    assert contact.personal_identity_number == "20040217-7935"
    assert first.changes == {"personal_identity_number": [None, "20040217-••••"]}
    assert "7935" not in str(list(ContactRevision.objects.values()))


def test_an_unchanged_number_is_not_encrypted_again(site: Site) -> None:
    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT personal_identity_number FROM contacts_contact")
            return str(cursor.fetchone()[0])

    who = JANE | {"personal_identity_number": "20040217-7935"}
    apply(site, who, 1)
    first = stored()
    apply(site, who, 2, fields={"city": "Lund"})
    assert stored() == first
    apply(site, JANE, 3, fields={"personal_identity_number": None})
    contact = Contact.objects.get()
    assert (contact.personal_identity_number, contact.personal_identity_hash) == ("", None)


def test_every_revision_names_its_cause(site: Site) -> None:
    result = apply(site, JANE, 1, fields={"city": "Lund"})
    revision = ContactRevision.objects.get()
    assert revision.contact_id == result.contact_id
    assert (revision.source_key, revision.source_label, revision.position) == (
        "src_engage",
        "Engage",
        0,
    )
    assert revision.received_event_id is not None
    assert revision.changes == {
        "state": [None, "known"],
        "email": [None, "jane@example.com"],
        "city": [None, "Lund"],
    }
    assert revision.at > at(0)


def test_contacts_of_two_sites_never_meet(site: Site) -> None:
    other = type(site).objects.create(name="Other", slug="other")
    first = apply(site, JANE | {"contact": "1"})
    second = apply(other, JANE | {"contact": "1"})
    assert first.contact_id != second.contact_id
    assert set(Contact.objects.values_list("site_id", flat=True)) == {site.pk, other.pk}
