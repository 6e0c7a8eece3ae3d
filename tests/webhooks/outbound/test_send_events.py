"""Send events: defined, sent with values of the right types, delivered flat, and deleted."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from django.core.exceptions import ValidationError

from integrations.custom_integrations.services import integration_delete
from sites.audit import Actor
from sites.models import AuditEntry, Site, User
from tests.factories import CustomIntegrationFactory, SiteFactory
from tests.webhooks.defining import errors_of
from tests.webhooks.outbound.send_events import ACTOR, FIELDS, OPTIONS, VALUES, send_event
from tests.webhooks.outbound.subscribing import contact
from tests.webhooks.publishing import subscribe, told
from webhooks.models import Delivery, Event, SendEvent
from webhooks.outbound.event_types import event_type_named, event_types_of
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.send_events.catalogue import send_type
from webhooks.outbound.send_events.publishing import SentNow, send_event_publish
from webhooks.outbound.send_events.services import send_event_delete, send_event_save

pytestmark = pytest.mark.django_db


def publish(event: SendEvent, values: dict[str, Any], **more: Any) -> SentNow:
    return send_event_publish(event=event, values=values, **({"actor": ACTOR} | more))


def sent_payload(event: SendEvent) -> dict[str, Any]:
    row = Event.objects.get(type=send_type(event))
    payload: dict[str, Any] = json.loads(row.payload)
    return payload


def test_catalogue_has_it_with_schema_and_example(site: Site) -> None:
    event = send_event(site)
    found = event_type_named(site, f"send.{event.event_id}")
    assert found is not None
    assert (found.group, found.label) == ("Send events", "Voucher granted")
    assert found.schema["required"] == ["code"]
    jsonschema.validate(found.example, found.schema)
    others = [each.key for each in event_types_of(SiteFactory.create())]
    assert found.key not in others


def test_values_of_every_type_go_out_as_json_of_that_type(site: Site) -> None:
    event = send_event(site)
    subscription = subscribe(site, "send.*")
    sent = publish(event, VALUES)
    assert sent.deliveries == 1
    payload = sent_payload(event)
    assert payload == VALUES | {"mail": "anna@example.com", "phone": "+46701740605"}
    found = event_type_named(site, send_type(event))
    assert found is not None
    jsonschema.validate(payload, found.schema)
    assert told(subscription) == [send_type(event)]


def test_connectif_format_sends_the_fields_flat(site: Site) -> None:
    event = send_event(site, FIELDS[0], FIELDS[4])
    subscribe(site, send_type(event), format_key="connectif_send")
    publish(event, {"total": 10, "code": "Ä 1"})
    row = Event.objects.get()
    dialect = format_for("connectif_send")
    assert dialect is not None
    sent = SentEvent(
        message_id=row.message_id, type=row.type, occurred_at=row.occurred_at,
        payload_text=row.payload, site_id=str(site.public_id),
    )  # fmt: skip
    built = dialect.build([sent], message_id=row.message_id, settings={})
    assert built.body == '{"code":"Ä 1","total":10}'.encode()
    assert built.content_type == "application/json"


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({}, "values.code"),
        ({"code": None}, "values.code"),
        ({"code": 12}, "values.code"),
        ({"code": "1", "visits": "3"}, "values.visits"),
        ({"code": "1", "visits": True}, "values.visits"),
        ({"code": "1", "total": "1.5"}, "values.total"),
        ({"code": "1", "member": "true"}, "values.member"),
        ({"code": "1", "until": "tomorrow"}, "values.until"),
        ({"code": "1", "level": "bronze"}, "values.level"),
        ({"code": "1", "tags": "gold"}, "values.tags"),
        ({"code": "1", "mail": "anna@"}, "values.mail"),
        ({"code": "1", "Code": "1"}, "values.Code"),
    ],
)
def test_value_that_does_not_fit_is_refused_by_its_place(
    site: Site, values: dict[str, Any], place: str
) -> None:
    event = send_event(site)
    subscribe(site)
    assert list(errors_of(lambda: publish(event, values))) == [place]
    assert not Event.objects.exists()


def test_contact_is_named_for_dialects_that_need_one(site: Site) -> None:
    event = send_event(site, FIELDS[0])
    subscribe(site)
    anna = contact(site, "anna@example.com")
    publish(event, {"code": "1"}, contact_email=" ANNA@example.com ")
    row = Event.objects.get()
    assert (row.contact, row.subject) == (anna, {"email": "anna@example.com"})
    assert row.order_key == anna.pk.hex
    contact(SiteFactory.create(), "bert@example.com")
    for email in ("bert@example.com", "no address"):
        faults = errors_of(lambda to=email: publish(event, {"code": "1"}, contact_email=to))  # type: ignore[misc]
        assert list(faults) == ["contact_email"]


def test_nothing_is_stored_where_nobody_can_be_told(site: Site) -> None:
    event = send_event(site, FIELDS[0])
    assert publish(event, {"code": "1"}) == SentNow(event_id=None, deliveries=0)
    subscribe(site, "contact.*")
    assert publish(event, {"code": "1"}).deliveries == 0
    assert not Delivery.objects.exists()


def test_person_who_sends_is_in_the_audit_without_the_values(site: Site, superuser: User) -> None:
    event = send_event(site, FIELDS[0])
    subscribe(site)
    publish(event, {"code": "sesame"})
    assert not AuditEntry.objects.filter(action="send_event.sent").exists()
    publish(event, {"code": "sesame"}, actor=Actor(user=superuser, label="root"))
    entry = AuditEntry.objects.get(action="send_event.sent")
    assert "sesame" not in str(entry.changes)
    assert entry.changes["fields"] == [None, ["code"]]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"name": ""}, "fields.0.name"),
        ({"id": "_email"}, "fields.0.id"),
        ({"id": "two words"}, "fields.0.id"),
        ({"type": "money"}, "fields.0.type"),
        ({"type": "phone"}, "fields.0.default_country_code"),
        ({"type": "radio"}, "fields.0.options"),
        ({"type": "radio", "options": [{"id": "a"}]}, "fields.0.options"),
        ({"options": OPTIONS}, "fields.0.options"),
    ],
)
def test_field_that_makes_no_sense_is_refused(site: Site, row: dict[str, Any], place: str) -> None:
    given = {"id": "code", "name": "Voucher", "type": "text"} | row
    assert list(errors_of(lambda: send_event(site, given))) == [place]


def test_fields_without_an_id_get_one_and_ids_occur_once(site: Site) -> None:
    event = send_event(site, {"name": "One", "type": "text"}, {"name": "Two", "type": "text"})
    assert [row["id"] for row in event.fields] == ["field-1", "field-2"]
    faults = errors_of(lambda: send_event(site, FIELDS[0], FIELDS[0], name="Other"))
    assert list(faults) == ["fields.0.id", "fields.1.id"]


def test_name_occurs_once_on_a_site(site: Site) -> None:
    send_event(site)
    assert list(errors_of(lambda: send_event(site, name=" Voucher  granted "))) == ["name"]
    send_event(SiteFactory.create())


def test_integration_is_of_the_same_site(site: Site) -> None:
    foreign = CustomIntegrationFactory.create()
    assert list(errors_of(lambda: send_event(site, integration=foreign))) == ["integration"]


def test_change_keeps_the_id_and_is_audited_by_field(site: Site) -> None:
    event = send_event(site, FIELDS[0])
    key = send_type(event)
    renamed = SendEvent.objects.get(pk=event.pk)
    renamed.name = "Granted"
    send_event_save(event=renamed, fields=[FIELDS[0] | {"required": False}], actor=ACTOR)
    assert send_type(renamed) == key
    entry = AuditEntry.objects.get(action="send_event.updated")
    assert set(entry.changes) == {"name", "fields.code"}


def test_event_that_a_subscription_names_stays(site: Site) -> None:
    event = send_event(site)
    subscribe(site, "send.*", name="All")
    named = subscribe(site, send_type(event), name="Warehouse")
    with pytest.raises(ValidationError, match="“Warehouse” asked for this event by name"):
        send_event_delete(event=event, actor=ACTOR)
    named.delete()
    publish(event, VALUES)
    send_event_delete(event=event, actor=ACTOR)
    assert Event.objects.count() == Delivery.objects.count() == 1
    assert AuditEntry.objects.filter(action="send_event.deleted").exists()


def test_integration_with_a_send_event_stays(site: Site) -> None:
    event = send_event(site)
    with pytest.raises(ValidationError, match="still has events: “Voucher granted”"):
        integration_delete(integration=event.integration, actor=ACTOR)
