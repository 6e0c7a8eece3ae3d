"""The pages of contact fields: adding, what stays, what protects a field, and who may do it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Contact, ContactField
from sites.models import Site
from tests.contacts.changes import apply
from tests.factories import ContactFieldFactory, SiteFactory
from tests.webhooks.reception_fields import field_writing_to

pytestmark = pytest.mark.django_db

LIST = "admin:contacts_contactfield_changelist"
ADD = "admin:contacts_contactfield_add"
OPTIONS = [{"id": "gold", "label": "Gold = best"}, {"id": "a=b", "label": "Both"}]


def page_of(field: ContactField, page: str = "change") -> str:
    return reverse(f"admin:contacts_contactfield_{page}", args=[field.pk])


def filled(on: Site, **given: Any) -> dict[str, Any]:
    values = {"site": on.pk, "name": "Tier", "field_id": "tier", "type": "text",
              "options": "", "default_country_code": ""}  # fmt: skip
    return values | given


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_field_is_added_with_its_options(operator: Client, site: Site) -> None:
    lines = "gold = Gold member\n\n  silver  \n"
    response = operator.post(reverse(ADD), filled(site, type="radio", options=lines), follow=True)
    assert "The contact field “Tier” was added." in text_of(response)
    field = ContactField.objects.get()
    assert field.options == [
        {"id": "gold", "label": "Gold member"}, {"id": "silver", "label": "silver"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"field_id": "_tier"}, "belong to system fields"),
        ({"field_id": "id"}, "A system field has this id."),
        ({"type": "colour"}, "not one of the available choices"),
        ({"type": "radio"}, "Add at least one option."),
        ({"type": "radio", "options": "a = A\na = B"}, "Two options have the same id."),
        ({"type": "phone"}, "A phone needs the country code"),
        ({"site": "0"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    operator: Client, site: Site, given: dict[str, Any], sentence: str
) -> None:
    text = text_of(operator.post(reverse(ADD), filled(site, **given)))
    assert sentence in text
    assert "Not saved" in text
    assert not ContactField.objects.exists()


def test_an_operator_adds_only_to_sites_of_their_own(operator: Client, site: Site) -> None:
    other = SiteFactory.create(name="Somebody else's")
    assert "Somebody else" not in text_of(operator.get(reverse(ADD)))
    operator.post(reverse(ADD), filled(other))
    assert not ContactField.objects.exists()


def test_rows_follow_the_type(operator: Client, site: Site) -> None:
    text = text_of(operator.get(reverse(ADD)))
    assert 'data-shown-when="type=radio|checkbox"' in text
    assert 'data-shown-when="type=phone"' in text
    plain = text_of(operator.get(page_of(ContactFieldFactory.create(site=site))))
    assert "<textarea" not in plain
    assert 'name="default_country_code"' not in plain


def test_saving_leaves_options_alone_that_nobody_touched(operator: Client, site: Site) -> None:
    field = ContactFieldFactory.create(site=site, type="radio", options=OPTIONS)
    shown = "gold = Gold = best\r\na=b = Both"
    operator.post(page_of(field), {"name": "Level", "options": shown, "default_country_code": ""})
    field.refresh_from_db()
    assert (field.name, field.options) == ("Level", OPTIONS)
    operator.post(page_of(field), {"name": "Level", "options": "c", "default_country_code": ""})
    field.refresh_from_db()
    assert field.options == [{"id": "c", "label": "c"}]


def test_a_field_that_nothing_uses_is_deleted(operator: Client, site: Site) -> None:
    field = ContactFieldFactory.create(site=site)
    assert "stays with them as a plain attribute" in text_of(operator.get(page_of(field, "delete")))
    assert ContactField.objects.exists()
    operator.post(page_of(field, "delete"))
    assert not ContactField.objects.exists()
    assert operator.post(page_of(field, "delete")).status_code == 404


def test_what_uses_a_field_is_named_and_protects_it(operator: Client, site: Site) -> None:
    field = ContactFieldFactory.create(site=site, name="Tier")
    field_writing_to(field, event="Order", name="Level")
    words = "field “Level” of the reception event “Order”"
    for url in (reverse(LIST), page_of(field), page_of(field, "delete")):
        assert words in text_of(operator.get(url))
    page = text_of(operator.get(page_of(field, "delete")))
    assert "Delete the contact field</button>" not in page
    assert "is in use and cannot be deleted" in text_of(operator.post(page_of(field, "delete")))
    assert ContactField.objects.exists()


def test_a_viewer_looks_and_changes_nothing(viewer: Client, site: Site) -> None:
    field = ContactFieldFactory.create(site=site, type="radio", options=OPTIONS)
    text = text_of(viewer.get(page_of(field)))
    assert "Gold = best" in text
    assert "<textarea" not in text
    assert viewer.get(reverse(LIST)).status_code == 200
    refused = [
        viewer.get(reverse(ADD)),
        viewer.post(page_of(field), {"name": "x"}),
        viewer.get(page_of(field, "delete")),
        viewer.post(page_of(field, "delete")),
    ]
    assert [response.status_code for response in refused] == [403] * 4
    assert ContactField.objects.get().name == field.name


def test_the_list_tells_of_system_fields_and_what_to_do(operator: Client, site: Site) -> None:
    text = text_of(operator.get(reverse(LIST)))
    assert "_newsletterSubscriptionStatus" in text
    assert "A contact field holds" in text
    ContactFieldFactory.create(site=site, name="Tier", type="radio", options=OPTIONS)
    text = text_of(operator.get(reverse(LIST)))
    assert "Tier" in text
    assert "Gold = best, Both" in text
    assert "Tier" not in text_of(operator.get(f"{reverse(LIST)}?type=text"))


def test_the_page_of_a_contact_shows_fields_by_their_names(operator: Client, site: Site) -> None:
    values = {"tier": "gold", "tags": ["a=b", "gold"], "age": "many", "other": 7, "_points": 130}
    apply(site, {"email": "jane@example.com"}, attributes=values)
    for name, kind in (("tier", "radio"), ("tags", "checkbox"), ("age", "integer")):
        ContactFieldFactory.create(
            site=site, field_id=name, name=f"The {name}", type=kind, options=OPTIONS
        )
    contact = Contact.objects.get()
    text = text_of(operator.get(reverse("admin:contacts_contact_change", args=[contact.pk])))
    assert "<dt>The tier</dt><dd>Gold = best</dd>" in text
    assert "<dt>The tags</dt><dd>Both, Gold = best</dd>" in text
    assert "<dt>The age</dt><dd>many<br>" in text
    assert "<dt>Points</dt><dd>130</dd>" in text
    assert "<dt>other</dt><dd>7</dd>" in text
    assert '<span class="change-field">The tier</span>' in text
    assert '<span class="change-field">Attribute other</span>' in text
