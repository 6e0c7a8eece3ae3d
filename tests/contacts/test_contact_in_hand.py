"""A change about a contact that the caller has: no identity decides who is meant."""

from __future__ import annotations

import uuid

import pytest

from contacts.models import Contact
from contacts.services import (
    ChangeItem,
    ChangeKind,
    ContactConflict,
    contact_apply,
    contacts_apply_batch,
)
from integrations.contact_change import ContactChange, Deletion, Identity
from sites.models import Site
from tests.contacts.changes import apply, change, identity, source
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return SiteFactory.create()


def test_contact_without_any_identity_is_written(site: Site) -> None:
    made = apply(site, {"contact": "1"})
    applied = contact_apply(
        site=site,
        change=ContactChange(identity=Identity(), fields={"city": "Malmö"}),
        source=source("workflow:1"),
        contact_id=made.contact_id,
    )
    assert applied.contact_id == made.contact_id
    assert Contact.objects.get().city == "Malmö"


def test_identity_is_a_value_and_names_nobody(site: Site) -> None:
    mine = apply(site, {"email": "a@example.com"})
    applied = contact_apply(
        site=site,
        change=ContactChange(identity=identity(phone="0701234567")),
        source=source(),
        contact_id=mine.contact_id,
    )
    assert applied.changes == {"phone": [None, "+46701234567"]}


def test_identity_of_somebody_else_is_a_conflict(site: Site) -> None:
    mine = apply(site, {"email": "a@example.com"})
    apply(site, {"phone": "0701234567"})
    with pytest.raises(ContactConflict) as raised:
        contact_apply(
            site=site,
            change=ContactChange(identity=identity(phone="0701234567"), fields={"city": "Malmö"}),
            source=source(),
            contact_id=mine.contact_id,
        )
    assert raised.value.names == ("phone",)
    assert Contact.objects.count() == 2
    assert not Contact.objects.filter(city="Malmö").exists()


def test_nobody_is_made_for_a_contact_that_is_not_there_or_not_of_the_site(site: Site) -> None:
    elsewhere = apply(SiteFactory.create(), {"email": "a@example.com"})
    for contact_id in (uuid.uuid4(), elsewhere.contact_id):
        applied = contact_apply(
            site=site,
            change=ContactChange(identity=identity(phone="0701234567"), fields={"city": "Malmö"}),
            source=source(),
            contact_id=contact_id,
        )
        assert applied.kind is ChangeKind.REJECTED
    assert not Contact.objects.filter(site=site).exists()
    assert Contact.objects.get().city == ""


def test_contact_that_was_absorbed_earlier_in_the_batch_is_the_one_it_became(site: Site) -> None:
    older = apply(site, {"email": "a@example.com"})
    younger = apply(site, {"phone": "0701234567"})
    items = [
        ChangeItem(
            site=site,
            change=change({"email": "a@example.com", "phone": "0701234567"}, 1),
            source=source(),
        ),
        ChangeItem(
            site=site,
            change=ContactChange(identity=Identity(), fields={"city": "Malmö"}),
            source=source(),
            contact_id=younger.contact_id,
        ),
    ]
    results = contacts_apply_batch(items)
    assert results[1].contact_id == older.contact_id
    assert Contact.objects.get().city == "Malmö"


def test_erased_contact_stays_as_it_is(site: Site) -> None:
    made = apply(site, {"email": "a@example.com"})
    apply(site, {"email": "a@example.com"}, 1, deletion=Deletion())
    applied = contact_apply(
        site=site,
        change=ContactChange(identity=Identity(), fields={"city": "Malmö"}),
        source=source(),
        contact_id=made.contact_id,
    )
    assert applied.kind is ChangeKind.UNCHANGED
    assert Contact.objects.get().city == ""
