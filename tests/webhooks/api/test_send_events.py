from __future__ import annotations

import json

import pytest

from sites.models import Scope, Site
from tests.contacts.contact_client import ContactClient as Client
from tests.factories import SiteFactory
from tests.webhooks.outbound.send_events import FIELDS, send_event
from tests.webhooks.publishing import subscribe
from webhooks.models import Event, SendEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event(site: Site) -> SendEvent:
    return send_event(site, FIELDS[0], FIELDS[4])


def address(event: SendEvent) -> str:
    return f"/api/v1/send-events/{event.event_id}"


def test_program_sends_and_is_told_to_how_many(api: Client, site: Site, event: SendEvent) -> None:
    subscribe(site, "send.*")
    answer = api.send("POST", address(event), {"values": {"code": "A", "total": 12.30}})
    assert answer.status == 202
    assert answer.body["deliveries"] == 1
    row = Event.objects.get(pk=answer.body["eventId"])
    assert json.loads(row.payload) == {"code": "A", "total": 12.3}


def test_every_digit_of_a_number_arrives(api: Client, site: Site, event: SendEvent) -> None:
    subscribe(site)
    body = b'{"values":{"code":"A","total":123456789012345678.123456789012}}'
    assert api.send("POST", address(event), raw=body).status == 202
    assert '"total":123456789012345678.123456789012' in Event.objects.get().payload


def test_same_key_sends_once(api: Client, site: Site, event: SendEvent) -> None:
    subscribe(site)
    body = {"values": {"code": "A"}}
    first = api.send("POST", address(event), body, idempotency_key="one")
    again = api.send("POST", address(event), body, idempotency_key="one")
    assert (first.status, again.body) == (202, first.body)
    assert Event.objects.count() == 1


def test_faults_are_told_by_their_path(api: Client, event: SendEvent) -> None:
    answer = api.send("POST", address(event), {"values": {"total": "1"}, "contactEmail": "x@y.zz"})
    assert answer.status == 422
    assert set(answer.faults) == {"values.code", "values.total", "contactEmail"}
    assert set(api.send("POST", address(event), {"value": {}}).faults) == {"value", "values"}


def test_other_site_and_other_scope_get_nowhere(api: Client, event: SendEvent) -> None:
    foreign = send_event(SiteFactory.create(), FIELDS[0])
    assert api.send("POST", address(foreign), {"values": {"code": "A"}}).status == 404
    api.key.scopes = [Scope.MANAGEMENT_READ]
    api.key.save()
    assert api.send("POST", address(event), {"values": {"code": "A"}}).status == 403
