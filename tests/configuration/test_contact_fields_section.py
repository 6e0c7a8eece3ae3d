from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from contacts.models import ContactField
from sites.audit import Actor
from sites.models import Site
from tests.factories import ContactFieldFactory, SiteFactory
from tests.webhooks.reception_fields import field_writing_to

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
FIELDS: Final[list[dict[str, Any]]] = [
    {"id": "desk", "name": "Desk phone", "type": "phone", "default_country_code": "46"},
    {"id": "shop", "name": "Shop: “one”", "type": "text"},
    {
        "id": "tier",
        "name": "no",
        "type": "radio",
        "options": [{"id": "1.10", "label": "no"}, {"id": "gold", "label": "Gold"}],
    },
]


def document(fields: Any, slug: str = "brand") -> bytes:
    content = {"version": 1, "site": {"slug": slug}, "contact_fields": fields}
    return yaml.safe_dump(content, allow_unicode=True).encode()


def applied(fields: Any, **how: Any) -> Applied:
    return configuration_apply(files=[document(fields)], environment={}, actor=SYSTEM, **how)


def problems(fields: Any, **how: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        applied(fields, **how)
    return caught.value.problems


@pytest.fixture
def brand(db: None) -> Site:
    return SiteFactory.create(slug="brand")


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert applied(FIELDS).changes
    assert not applied(FIELDS).changes
    exported = configuration_export(site=brand)
    assert yaml.safe_load(exported)["contact_fields"] == FIELDS
    ContactField.objects.all().delete()
    configuration_apply(files=[exported.encode()], environment={}, actor=SYSTEM)
    assert configuration_export(site=brand) == exported


def test_what_the_file_leaves_out_of_a_field_stays(brand: Site) -> None:
    applied(FIELDS)
    applied([{"id": "tier", "name": "Level"}])
    stored = ContactField.objects.get(field_id="tier")
    assert (stored.name, stored.options) == ("Level", FIELDS[2]["options"])


def test_what_is_not_listed_is_named_and_pruned_when_asked(brand: Site) -> None:
    applied(FIELDS)
    assert applied(FIELDS[:2]).unlisted == ("contact field tier",)
    assert ContactField.objects.count() == 3
    applied(FIELDS[:2], prune=True)
    assert list(ContactField.objects.values_list("field_id", flat=True).order_by("field_id")) == [
        "desk", "shop",
    ]  # fmt: skip


def test_pruning_stops_at_a_field_in_use(brand: Site) -> None:
    stored = ContactFieldFactory.create(site=brand, field_id="tier", name="Tier")
    field_writing_to(stored, event="Order", name="Level")
    [problem] = problems([], prune=True)
    assert problem.startswith("contact_fields: “Tier” is in use and cannot be deleted: ")
    assert ContactField.objects.exists()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"name": "x"}, "contact_fields[0].id: This is needed."),
        ({"id": "a", "colour": "red"}, "contact_fields[0].colour: There is no such key here."),
        ({"id": "_a", "name": "A", "type": "text"}, "contact_fields[0].id: Ids that begin"),
        ({"id": "a", "name": "A", "type": "hue"}, "contact_fields[0].type: Choose one of: text"),
        ({"id": "a", "name": "A", "type": "radio"}, "contact_fields[0].options: Add at least"),
        (
            {"id": "a", "name": "A", "type": "radio", "options": [{"id": False}]},
            "contact_fields[0].options: Option 1: give its id",
        ),
        (
            {"id": "a", "name": "A", "type": "phone", "default_country_code": 46},
            "contact_fields[0].default_country_code: This must be text.",
        ),
        ({"id": "old", "type": "integer"}, "contact_fields[0]: A contact field keeps its site, id"),
    ],
)
def test_problems_have_a_place(brand: Site, entry: dict[str, Any], expected: str) -> None:
    ContactFieldFactory.create(site=brand, field_id="old")
    assert problems([entry])[0].startswith(expected)
    assert ContactField.objects.count() == 1
