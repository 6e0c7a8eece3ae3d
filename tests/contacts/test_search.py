from __future__ import annotations

import pytest
from django.db import connection

from contacts.models import Contact
from contacts.search import MAX_FOUND, _begins, contacts_found
from contacts.services import ChangeItem, contacts_apply_batch
from sites.models import Site
from tests.contacts.changes import apply, change, source

JANE = {
    "email": "jane.doe@example.com",
    "phone": "+46701234567",
    "external_id": "CRM-17",
    "personal_identity_number": "20040217-7935",
    "contact": "515c1b2a-7124-4bb9",
}


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe@example.com",
        " Jane.Doe@EXAMPLE.com ",
        "070-123 45 67",
        "+46 70 123 45 67",
        "CRM-17",
        "040217-7935",
        "200402177935",
        "515c1b2a-7124-4bb9",
        "jane",
        "JANE.D",
        "CRM-",
        "+4670123",
    ],
)
def test_any_name_or_its_beginning_finds_the_contact(site: Site, text: str) -> None:
    jane = apply(site, JANE)
    apply(site, {"email": "other@example.com", "external_id": "X"})
    assert contacts_found(site=site, text=text) == [jane.contact_id]


@pytest.mark.parametrize("text", ["", " ", "\x00", "ja", "doe@example.com", "CRM-1_", "crm%", "17"])
def test_what_names_nobody_finds_nobody(site: Site, text: str) -> None:
    apply(site, JANE)
    assert contacts_found(site=site, text=text) == []


def test_an_exact_name_hides_longer_ones(site: Site) -> None:
    short = apply(site, {"external_id": "CRM-1"})
    apply(site, {"external_id": "CRM-10"})
    assert contacts_found(site=site, text="CRM-1") == [short.contact_id]
    assert len(contacts_found(site=site, text="CRM-")) == 2


def test_our_own_id_finds_the_contact_and_the_one_that_absorbed_it(site: Site) -> None:
    kept = apply(site, {"email": "a@example.com"})
    absorbed = apply(site, {"external_id": "1"})
    apply(site, {"email": "a@example.com", "external_id": "1"})
    for contact_id in (kept.contact_id, absorbed.contact_id):
        assert contacts_found(site=site, text=str(contact_id)) == [kept.contact_id]


def test_no_contact_of_another_site_is_found(site: Site) -> None:
    other = Site.objects.create(name="Other", slug="other")
    result = apply(other, JANE)
    for text in (*map(str, JANE.values()), str(result.contact_id), "jane"):
        assert contacts_found(site=site, text=text) == []


def test_a_common_beginning_is_capped(site: Site) -> None:
    for number in range(3):
        apply(site, {"email": f"jane{number}@example.com"})
    assert len(contacts_found(site=site, text="jane")) == 3
    assert MAX_FOUND == 200


def test_a_beginning_is_found_by_the_index(site: Site) -> None:
    by = source()
    contacts_apply_batch(
        [
            ChangeItem(site=site, change=change({"email": f"p{n}@example.com"}), source=by)
            for n in range(500)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plan = Contact.objects.filter(_begins("email", "p17"), site=site).values("pk").explain()
    assert "contact_email_once" in plan
    assert "email>" in plan or "~>=~" in plan
