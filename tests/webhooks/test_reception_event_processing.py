"""Stored reception events on their way into contacts, as the worker takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import Activity, Contact
from contacts.services import contact_apply
from integrations.contact_change import Deletion
from sites.audit import Actor
from tests.contacts.changes import change, source
from tests.factories import ReceptionEventFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent, ReceptionField, Status
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import claim_fresh, claim_retry
from webhooks.inbound.reception_events.services import reception_event_save

pytestmark = pytest.mark.django_db

JOHN = "john.doe@example.org"


def fields(**pointers: str) -> list[ReceptionField]:
    given: list[dict[str, Any]] = [
        {"field_id": "email", "type": "email", "is_primary_key": True},
        {"field_id": "name", "type": "text", "system_field": "_name"},
        {
            "field_id": "phone",
            "type": "phone",
            "default_country_code": "34",
            "system_field": "_mobilePhone",
        },
        {"field_id": "points", "type": "integer", "system_field": "_points"},
    ]
    return [
        ReceptionField(
            name=each["field_id"].title(), pointer=pointers.get(each["field_id"], ""), **each
        )
        for each in given
    ]


def arrived(event: ReceptionEvent, *, query: Any = None, **values: Any) -> ReceivedEvent:
    body = json.dumps(values).encode()
    return received_event(
        event.source,
        Status.RECEIVED,
        event_type=event.alias,
        body=body,
        body_bytes=len(body),
        query=query or {},
    )


def worked_off(received: ReceivedEvent) -> ReceivedEvent:
    Processing("me").process([*claim_fresh("me"), *claim_retry("me")])
    return ReceivedEvent.objects.get(pk=received.pk)


def replayed(received: ReceivedEvent) -> ReceivedEvent:
    ReceivedEvent.objects.filter(pk=received.pk).update(
        status=Status.RECEIVED, attempts=0, due_at=timezone.now(), history=[{"what": "replayed"}]
    )
    return worked_off(received)


def test_webhook_creates_the_contact_and_one_activity() -> None:
    event = ReceptionEventFactory.create(
        context=Context.WEBHOOK, alias="erp-saved", fields=fields(points="/loyalty/points")
    )
    received = arrived(
        event, email=JOHN, name="John", phone="666 777 888", loyalty={"points": "120"}
    )
    assert worked_off(received).status == Status.PROCESSED
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.phone) == (JOHN, "John", "+34666777888")
    assert contact.attributes == {"_points": 120}
    activity = Activity.objects.get()
    assert (activity.type, activity.contact_id) == ("erp-saved", contact.pk)
    assert activity.properties == {
        "email": JOHN,
        "name": "John",
        "phone": "+34666777888",
        "points": 120,
    }


def test_replay_after_a_change_of_the_mapping_corrects_the_activity_and_adds_none() -> None:
    event = ReceptionEventFactory.create(
        context=Context.WEBHOOK, fields=fields(points="/wrong/place")
    )
    received = arrived(event, email=JOHN, loyalty={"points": 7})
    assert worked_off(received).status == Status.PROCESSED
    assert Activity.objects.get().properties == {"email": JOHN}
    reception_event_save(
        event=event, fields=fields(points="/loyalty/points"), actor=Actor.system("tests")
    )
    assert replayed(received).status == Status.PROCESSED
    assert Activity.objects.get().properties == {"email": JOHN, "points": 7}
    assert Contact.objects.get().attributes == {"_points": 7}


def test_the_same_body_twice_is_two_activities() -> None:
    event = ReceptionEventFactory.create(context=Context.WEBHOOK)
    first, second = arrived(event, email=JOHN), arrived(event, email=JOHN)
    assert first.received_at != second.received_at
    worked_off(second)
    assert Activity.objects.count() == 2
    assert Contact.objects.count() == 1


def test_public_api_creates_nobody_unless_it_was_asked_to() -> None:
    event = ReceptionEventFactory.create(context=Context.API)
    refused = worked_off(arrived(event, email=JOHN))
    assert (refused.status, refused.cause) == (Status.FAILED, "E0501")
    assert refused.reason.startswith("Contact does not exist")
    assert not Contact.objects.exists()
    asked = arrived(event, query={"createContact": "true"}, email=JOHN)
    assert worked_off(asked).status == Status.PROCESSED
    # The contact is there by now, so that a replay of the first one finds it.
    assert replayed(refused).status == Status.PROCESSED
    assert Activity.objects.filter(contact=Contact.objects.get()).count() == 2


def test_contact_deleted_between_acceptance_and_processing_is_not_made_again() -> None:
    event = ReceptionEventFactory.create(context=Context.API)
    site = event.site
    contact_apply(site=site, change=change({"email": JOHN, "contact": "1"}), source=source())
    received = arrived(event, email=JOHN)
    deletion = change({"contact": "1"}, 5, deletion=Deletion(reason="asked"))
    contact_apply(site=site, change=deletion, source=source())
    assert worked_off(received).cause == "E0501"
    assert Contact.objects.get().deleted_at is not None


def test_event_accepted_before_its_fields_changed_is_processed() -> None:
    event = ReceptionEventFactory.create(context=Context.API, fields=fields())
    received = arrived(event, query={"createContact": "true"}, email=JOHN, name="John", points=1)
    kept = [field for field in fields() if field.field_id != "points"]
    required = ReceptionField(field_id="shop", name="Shop", type="text", is_required=True)
    reception_event_save(event=event, fields=[*kept, required], actor=Actor.system("tests"))
    row = worked_off(received)
    assert row.status == Status.PROCESSED
    assert Contact.objects.get().first_name == "John"
    assert Activity.objects.get().properties == {"email": JOHN, "name": "John"}
