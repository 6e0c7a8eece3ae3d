from __future__ import annotations

from typing import Any

import pytest

from contacts.models import (
    Activity,
    Consent,
    Contact,
    ContactMerge,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)
from contacts.services import ChangeItem, ChangeKind, contacts_apply_batch
from contacts.signals import contacts_merged
from integrations.contact_change import ActivityFact, Channel, ConsentFact, EmailListFact
from sites.models import Site
from tests.contacts.changes import apply, change, source

A, B = {"email": "a@example.com"}, {"email": "b@example.com"}


def codes(notes: tuple[str, ...]) -> list[str]:
    return [note.partition(":")[0] for note in notes]


@pytest.mark.parametrize(
    "who",
    [
        {"contact": "1"},
        {"external_id": "crm-1"},
        {"personal_identity_number": "20040217-7935"},
        {"email": "A@Example.com"},
        {"phone": "0701234567"},
        {"anonymous": "device"},
    ],
)
def test_any_identity_finds_the_contact(site: Site, who: dict[str, Any]) -> None:
    everything = {
        "contact": "1",
        "external_id": "crm-1",
        "personal_identity_number": "040217-7935",
        "email": "a@example.com",
        "phone": "+46 70 123 45 67",
        "anonymous": "device",
    }
    first = apply(site, everything, 1)
    found = apply(site, who, 2, fields={"city": "Lund"})
    assert found.contact_id == first.contact_id
    assert Contact.objects.get().city == "Lund"


def test_ids_of_two_senders_are_apart(site: Site) -> None:
    first = apply(site, {"contact": "1"}, by="src_a")
    second = apply(site, {"contact": "1"}, by="src_b")
    assert first.contact_id != second.contact_id


def test_a_contact_known_to_its_sender_gets_a_new_address(site: Site) -> None:
    first = apply(site, A | {"contact": "1"}, 1)
    second = apply(site, B | {"contact": "1"}, 2)
    assert second.changes == {"email": ["a@example.com", "b@example.com"]}
    assert apply(site, B, 3).contact_id == first.contact_id
    assert apply(site, A, 4).kind is ChangeKind.CREATED


def test_an_event_that_names_two_contacts_joins_them_into_the_older(site: Site) -> None:
    by_email = apply(site, A, 1, fields={"city": "Lund"}, preferences={Channel.EMAIL: True})
    by_id = apply(
        site,
        {"external_id": "crm-1"},
        2,
        fields={"city": "Malmö", "first_name": "Jane"},
        preferences={Channel.EMAIL: False},
        consents=(ConsentFact(consent_id="terms", value=True),),
        email_list=EmailListFact(kind="soft", list_id="1"),
        attributes={"size": 38},
        activities=(ActivityFact(type="visit"),),
    )
    result = apply(site, A | {"external_id": "crm-1"}, 3)
    assert result.contact_id == by_email.contact_id
    assert result.absorbed_ids == (by_id.contact_id,)
    contact = Contact.objects.get()
    assert (contact.email, contact.external_id) == ("a@example.com", "crm-1")
    assert (contact.city, contact.first_name) == ("Malmö", "Jane")
    assert contact.attributes == {"size": 38}
    assert Preference.objects.get().accepts is False
    assert Consent.objects.get().contact == contact
    assert EmailListStatus.objects.get().contact == contact
    assert Activity.objects.get().contact == contact
    assert set(ContactRevision.objects.values_list("contact_id", flat=True)) == {contact.pk}
    merge = ContactMerge.objects.get()
    assert (merge.contact, merge.absorbed_id) == (contact, by_id.contact_id)
    assert merge.joined_by == "email"
    assert set(merge.taken) == {
        "external_id",
        "city",
        "first_name",
        "attribute.size",
        "preference.email",
        "consent.terms",
    }
    assert result.changes["city"] == ["Lund", "Malmö"]


def test_a_merge_is_told_while_the_absorbed_contact_still_exists(site: Site) -> None:
    apply(site, A)
    absorbed = apply(site, {"external_id": "crm-1"})
    told: list[Any] = []

    def receive(**values: Any) -> None:
        assert Contact.objects.filter(pk=values["absorbed_id"]).exists()
        told.append((values["kept_id"], values["absorbed_id"]))

    contacts_merged.connect(receive)
    try:
        kept = apply(site, A | {"external_id": "crm-1"})
    finally:
        contacts_merged.disconnect(receive)
    assert told == [(kept.contact_id, absorbed.contact_id)]
    assert Contact.objects.count() == 1


def test_the_senders_ids_move_with_a_merge(site: Site) -> None:
    apply(site, A | {"contact": "1"}, by="src_a")
    apply(site, {"external_id": "crm-1", "contact": "9"}, by="src_b")
    kept = apply(site, A | {"external_id": "crm-1"}, by="src_c")
    assert apply(site, {"contact": "9"}, by="src_b").contact_id == kept.contact_id
    assert ContactSourceId.objects.filter(contact__id=str(kept.contact_id)).count() == 2


def test_of_the_same_keyed_activity_the_newer_survives_a_merge(site: Site) -> None:
    reply = "feedback_reply"
    for who, minute, text in ((A, 1, "old"), ({"external_id": "crm-1"}, 2, "new")):
        fact = ActivityFact(type=reply, key="r1", properties={"text": text})
        apply(site, who, minute, activities=(fact,))
    apply(site, A | {"external_id": "crm-1"}, 3)
    assert Activity.objects.get().properties == {"text": "new"}


@pytest.mark.parametrize(
    ("first", "second", "event", "held"),
    [
        pytest.param(
            A | {"phone": "0701234567"},
            B,
            B | {"phone": "0701234567"},
            ["phone"],
            id="a family's phone",
        ),
        pytest.param(
            A | {"external_id": "1"},
            {"external_id": "2"},
            A | {"external_id": "2"},
            ["email"],
            id="external ids differ",
        ),
        pytest.param(
            A | {"contact": "1"},
            {"contact": "2"},
            A | {"contact": "2"},
            ["email"],
            id="the sender tells them apart",
        ),
        pytest.param(
            A | {"personal_identity_number": "20040217-7935"},
            {"external_id": "2", "personal_identity_number": "19701063-2391"},
            A | {"external_id": "2"},
            ["email"],
            id="personal identity numbers differ",
        ),
    ],
)
def test_two_people_stay_two(
    site: Site, first: Any, second: Any, event: Any, held: list[str]
) -> None:
    one, two = apply(site, first, 1), apply(site, second, 2)
    assert ChangeKind.REJECTED not in (one.kind, two.kind)
    result = apply(site, event, 3, fields={"city": "Lund"})
    assert result.contact_id == two.contact_id
    assert codes(result.notes) == ["IDENTITY_HELD"] * len(held)
    assert not ContactMerge.objects.exists()
    assert Contact.objects.get(pk=str(one.contact_id)).city == ""


def test_a_shared_phone_makes_a_second_contact_without_it(site: Site) -> None:
    first = apply(site, A | {"phone": "0701234567"}, 1)
    second = apply(site, B | {"phone": "0701234567"}, 2)
    assert second.kind is ChangeKind.CREATED
    assert second.contact_id != first.contact_id
    assert Contact.objects.get(pk=str(second.contact_id)).phone is None
    assert codes(second.notes) == ["IDENTITY_HELD"]


def test_addresses_swap_and_move_within_one_batch(site: Site) -> None:
    apply(site, A | {"contact": "1"}, 1)
    apply(site, B | {"contact": "2"}, 1)
    by = source()
    steps = [
        ({"contact": "1", "email": "c@example.com"}, 2),
        ({"contact": "2", "email": "a@example.com"}, 3),
        ({"contact": "1", "email": "b@example.com"}, 4),
    ]
    contacts_apply_batch(
        [ChangeItem(site=site, change=change(who, minute), source=by) for who, minute in steps]
    )
    held = Contact.objects.values_list("source_ids__value", "email")
    assert dict(held) == {"1": "b@example.com", "2": "a@example.com"}


def test_a_contact_made_and_absorbed_in_one_batch_is_reported_as_the_kept_one(site: Site) -> None:
    by = source()
    whos: list[dict[str, Any]] = [A, {"external_id": "1"}, A | {"external_id": "1"}]
    results = contacts_apply_batch(
        [ChangeItem(site=site, change=change(who, n), source=by) for n, who in enumerate(whos)]
    )
    contact = Contact.objects.get()
    assert {result.contact_id for result in results} == {contact.pk}
    assert ContactMerge.objects.count() == 1


def test_after_a_merge_the_rest_of_the_batch_finds_the_kept_contact(site: Site) -> None:
    apply(site, A, 1)
    apply(site, {"contact": "1"}, 2)
    by = source()
    contacts_apply_batch(
        [
            ChangeItem(site=site, change=change(A | {"contact": "1"}, 3), source=by),
            ChangeItem(
                site=site, change=change({"contact": "1"}, 4, fields={"city": "Lund"}), source=by
            ),
        ]
    )
    contact = Contact.objects.get()
    assert (contact.email, contact.city) == ("a@example.com", "Lund")


def test_an_event_does_not_join_two_people_through_a_third(site: Site) -> None:
    apply(site, {"external_id": "1"}, 1, by="src_other")
    apply(site, {"personal_identity_number": "20040217-7935", "contact": "1"}, 2)
    apply(site, A | {"contact": "2"}, 3)
    everyone = {"external_id": "1", "personal_identity_number": "20040217-7935"} | A
    result = apply(site, everyone, 4, by="src_other")
    assert len(result.absorbed_ids) == 1
    assert codes(result.notes) == ["IDENTITY_HELD"]
    ids = Contact.objects.values_list("email", "source_ids__value")
    assert sorted(ids, key=str) == [("a@example.com", "2"), (None, "1")]


def test_a_visitor_becomes_the_person_who_logs_in(site: Site) -> None:
    visitor = apply(site, {"anonymous": "d1"}, 1, activities=(ActivityFact(type="view"),))
    known = apply(site, A | {"anonymous": "d1"}, 2)
    assert known.contact_id == visitor.contact_id
    other_device = apply(site, {"anonymous": "d2"}, 3)
    joined = apply(site, A | {"anonymous": "d2"}, 4)
    assert joined.absorbed_ids == (other_device.contact_id,)
    assert Contact.objects.count() == 1
