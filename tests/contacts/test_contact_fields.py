from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from common.uses import InUse
from contacts.contact_fields import services
from contacts.contact_fields.services import (
    contact_field_create,
    contact_field_delete,
    contact_field_update,
)
from contacts.models import Contact, ContactField
from integrations.causes import RejectionCause
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.contacts.changes import apply
from tests.factories import (
    ContactFieldFactory,
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SiteFactory,
    email_field,
)
from tests.webhooks.received import rejected_request
from tests.webhooks.reception_fields import field_writing_to
from webhooks.inbound.models import ReceptionField
from webhooks.inbound.reception_events.deletion import reception_event_delete

ACTOR = Actor.system("test")


def field(site: Site, **values: Any) -> ContactField:
    given = {"field_id": "tier", "name": "Tier", "type": "text"} | values
    return ContactField(site=site, **given)


def refused(given: ContactField) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        contact_field_create(field=given, actor=ACTOR)
    return caught.value.message_dict


def test_a_field_is_stored_and_audited(site: Site) -> None:
    given = field(
        site,
        field_id="interests",
        name="  Interests \n of theirs ",
        type="checkbox",
        options=[{"id": "shoes", "label": " Shoes "}, {"id": "hats"}],
        default_country_code="46",
    )
    stored = contact_field_create(field=given, actor=ACTOR)
    stored.refresh_from_db()
    assert stored.name == "Interests   of theirs"
    assert stored.options == [{"id": "shoes", "label": "Shoes"}, {"id": "hats", "label": "hats"}]
    assert stored.default_country_code == ""
    entry = AuditEntry.objects.get(action="contact_field.created")
    assert entry.site == site
    assert entry.changes["field_id"] == [None, "interests"]


@pytest.mark.parametrize("field_id", ["a", "A.b_c-1", "1", "x" * 64])
def test_ids_that_are_taken(site: Site, field_id: str) -> None:
    contact_field_create(field=field(site, field_id=field_id), actor=ACTOR)
    assert ContactField.objects.get().field_id == field_id


@pytest.mark.parametrize(
    "field_id", ["", "_name", "id", "-a", "a b", "é", "x" * 65, "a/b", "a\n", "\0", "\ud800"]
)
def test_ids_that_are_refused(site: Site, field_id: str) -> None:
    assert list(refused(field(site, field_id=field_id))) == ["field_id"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"type": "colour"}, "type"),
        ({"type": "radio"}, "options"),
        ({"type": "radio", "options": "a"}, "options"),
        ({"type": "radio", "options": ["a"]}, "options"),
        ({"type": "radio", "options": [{"id": 1}]}, "options"),
        ({"type": "radio", "options": [{"id": "a"}, {"id": "a"}]}, "options"),
        ({"type": "radio", "options": [{"id": "a", "colour": "red"}]}, "options"),
        ({"type": "radio", "options": [{"id": " "}]}, "options"),
        ({"type": "radio", "options": [{"id": "a", "label": "x" * 121}]}, "options"),
        ({"type": "radio", "options": [{"id": str(n)} for n in range(201)]}, "options"),
        ({"type": "phone"}, "default_country_code"),
        ({"type": "phone", "default_country_code": "+46"}, "default_country_code"),
        ({"type": "phone", "default_country_code": "999"}, "default_country_code"),
        ({"type": "phone", "default_country_code": "٤٦"}, "default_country_code"),
    ],
)
def test_what_makes_no_field(site: Site, values: dict[str, Any], named: str) -> None:
    assert list(refused(field(site, **values))) == [named]


def test_an_id_is_given_once_per_site(site: Site) -> None:
    contact_field_create(field=field(site), actor=ACTOR)
    assert list(refused(field(site))) == ["field_id"]
    contact_field_create(field=field(SiteFactory.create()), actor=ACTOR)
    assert ContactField.objects.count() == 2


def test_a_site_has_only_so_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_FIELDS", 1)
    contact_field_create(field=field(site), actor=ACTOR)
    with pytest.raises(ValidationError, match="has 1 contact fields"):
        contact_field_create(field=field(site, field_id="b"), actor=ACTOR)


def test_name_options_and_code_change(site: Site) -> None:
    stored = ContactFieldFactory.create(site=site, type="radio", options=[{"id": "a"}])
    stored.name = "Level"
    stored.options = [{"id": "b", "label": "B"}]
    contact_field_update(field=stored, actor=ACTOR)
    again = ContactField.objects.get()
    assert (again.name, again.options) == ("Level", [{"id": "b", "label": "B"}])
    entry = AuditEntry.objects.get(action="contact_field.updated")
    assert set(entry.changes) == {"name", "options"}
    contact_field_update(field=again, actor=ACTOR)
    assert AuditEntry.objects.filter(action="contact_field.updated").count() == 1


@pytest.mark.parametrize("change", [{"type": "integer"}, {"field_id": "other"}])
def test_id_and_type_stay(site: Site, change: dict[str, str]) -> None:
    stored = ContactFieldFactory.create(site=site)
    for name, value in change.items():
        setattr(stored, name, value)
    with pytest.raises(ValidationError, match="keeps its site, id and type"):
        contact_field_update(field=stored, actor=ACTOR)


def test_a_field_that_is_gone_is_not_changed(site: Site) -> None:
    stored = ContactFieldFactory.create(site=site)
    ContactField.objects.all().delete()
    stored.name = "Level"
    with pytest.raises(ValidationError, match="deleted in the meantime"):
        contact_field_update(field=stored, actor=ACTOR)


def test_deleting_keeps_what_contacts_have(site: Site) -> None:
    stored = ContactFieldFactory.create(site=site, field_id="tier")
    apply(site, {"email": "jane@example.com"}, attributes={"tier": "gold"})
    contact_field_delete(field=stored, actor=ACTOR)
    assert not ContactField.objects.exists()
    assert Contact.objects.get().attributes == {"tier": "gold"}
    entry = AuditEntry.objects.get(action="contact_field.deleted")
    assert entry.changes["field_id"] == ["tier", None]


def test_a_field_in_use_is_not_deleted(site: Site) -> None:
    stored = ContactFieldFactory.create(site=site, name="Tier")
    for number in range(4):
        field_writing_to(stored, event=f"Order {number}", name="Level")
    with pytest.raises(InUse) as caught:
        contact_field_delete(field=stored, actor=ACTOR)
    [sentence] = caught.value.messages
    assert sentence.startswith("“Tier” is in use and cannot be deleted: the field “Level” of the ")
    assert "“Order 2” and 1 more" in sentence
    assert ContactField.objects.filter(pk=stored.pk).exists()
    assert not AuditEntry.objects.filter(action="contact_field.deleted").exists()


def test_a_deleted_event_protects_no_field(site: Site) -> None:
    stored = ContactFieldFactory.create(site=site)
    event = field_writing_to(stored, event="Order", name="Level").event
    rejected_request(event.source, RejectionCause.BAD_BODY, b"{}")
    reception_event_delete(event=event, actor=ACTOR)
    event.refresh_from_db()
    assert event.deleted_at is not None
    contact_field_delete(field=stored, actor=ACTOR)
    assert not ContactField.objects.exists()


def test_an_option_that_a_reception_field_writes_is_not_taken_away(site: Site) -> None:
    options = [{"id": name, "label": name.title()} for name in ("gold", "silver", "bronze")]
    stored = ContactFieldFactory.create(site=site, type="radio", options=options)
    integration = CustomIntegrationFactory.create(site=site)
    level = ReceptionField(
        field_id="level", name="Level", type="radio", options=options[:1], contact_field=stored
    )
    order = {"integration": integration, "name": "Order", "alias": "order"}
    ReceptionEventFactory.create(site=site, fields=[email_field(), level], **order)

    stored.options = options[1:]
    with pytest.raises(ValidationError) as caught:
        contact_field_update(field=stored, actor=ACTOR)
    assert caught.value.message_dict == {
        "options": [
            "“Gold” is in use and cannot be taken away: the field “Level” of the reception event "
            "“Order”. Change that first."
        ]
    }
    stored.options = [{"id": "gold", "label": "Golden"}, options[1]]
    contact_field_update(field=stored, actor=ACTOR)
    stored.refresh_from_db()
    assert [option["label"] for option in stored.options] == ["Golden", "Silver"]
