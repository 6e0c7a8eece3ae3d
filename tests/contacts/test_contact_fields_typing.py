"""Values of contact fields are checked and typed wherever they enter, which is the one door."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.services import ChangeItem, contact_preview, contacts_apply_batch
from sites.models import Site
from tests.contacts.changes import apply, change, source
from tests.factories import ContactFieldFactory, SiteFactory

JANE = {"email": "jane@example.com"}
OPTIONS = [{"id": "gold", "label": "Gold"}, {"id": "red", "label": "Red"}]


@pytest.mark.parametrize(
    ("values", "sent", "stored"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "decimal"}, "12.50", "12.5"),
        ({"type": "boolean"}, "true", True),
        ({"type": "text"}, 12, "12"),
        ({"type": "email"}, " Jane@Example.COM ", "jane@example.com"),
        ({"type": "phone", "default_country_code": "46"}, "070-123 45 67", "+46701234567"),
        ({"type": "date"}, "2024-03-15T11:30:00+01:00", "2024-03-15T10:30:00Z"),
        ({"type": "radio", "options": OPTIONS}, "gold", "gold"),
        ({"type": "checkbox", "options": OPTIONS}, "gold", ["gold"]),
    ],
)
def test_a_value_takes_the_type_of_its_field(
    site: Site, values: dict[str, Any], sent: Any, stored: Any
) -> None:
    ContactFieldFactory.create(site=site, field_id="custom", **values)
    applied = apply(site, JANE, attributes={"custom": sent})
    assert Contact.objects.get().attributes == {"custom": stored}
    assert applied.changes["attribute.custom"] == [None, stored]
    assert applied.notes == ()


def test_a_value_that_does_not_fit_is_left_out_with_a_note(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="age", type="integer")
    apply(site, JANE, 0, attributes={"age": 41})
    applied = apply(site, JANE, 1, attributes={"age": "many", "other": "many"})
    assert Contact.objects.get().attributes == {"age": 41, "other": "many"}
    assert applied.notes == ("BAD_FIELD: “age” was left out. Expected a whole number.",)


def test_null_clears_whatever_the_type(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="age", type="integer")
    apply(site, JANE, 0, attributes={"age": 41})
    apply(site, JANE, 1, attributes={"age": None})
    assert Contact.objects.get().attributes == {}


def test_system_fields_that_are_attributes_have_a_type_on_every_site(site: Site) -> None:
    applied = apply(site, JANE, attributes={"_points": "130", "_mobilePhoneStatus": "lost"})
    assert Contact.objects.get().attributes == {"_points": 130}
    assert [note.partition(":")[0] for note in applied.notes] == ["BAD_FIELD"]


def test_the_preview_reads_fields_as_well(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="age", type="integer")
    seen = contact_preview(
        site=site, change=change(JANE, attributes={"age": "41"}), source=source()
    )
    assert seen.changes["attribute.age"] == [None, 41]


def test_each_site_has_fields_of_its_own_loaded_in_one_query(site: Site) -> None:
    other = SiteFactory.create()
    ContactFieldFactory.create(site=site, field_id="age", type="integer")
    ContactFieldFactory.create(site=other, field_id="age", type="text")
    items = [
        ChangeItem(
            site=where,
            source=source(),
            change=change({"email": f"p{number}@example.com"}, attributes={"age": "41"}),
        )
        for number in range(10)
        for where in (site, other)
    ]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        contacts_apply_batch(items)
    assert sum("contacts_contactfield" in query["sql"] for query in queries) == 1
    stored = Contact.objects.values_list("site_id", "attributes")
    assert {(site_id, values["age"]) for site_id, values in stored} == {
        (site.pk, 41),
        (other.pk, "41"),
    }


def test_changes_without_attributes_do_not_ask_for_fields(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="age", type="integer")
    with CaptureQueriesContext(connection) as queries:
        apply(site, JANE, fields={"city": "Lund"})
    assert not any("contacts_contactfield" in query["sql"] for query in queries)
