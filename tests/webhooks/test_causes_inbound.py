"""What came in goes out: relays, custom events, loyalty events, and the request as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.utils import timezone

from contacts.models import Contact
from sites.models import Site
from tests.factories import ReceptionEventFactory, SourceFactory, email_field
from tests.webhooks.publishing import stored, subscribe, told
from tests.webhooks.received import received_event
from tests.webhooks.scripted import scripted_event, scripted_presets, scripted_source
from webhooks.inbound.models import ReceivedEvent, ReceptionField, Source, Status
from webhooks.inbound.processing import batches as processing
from webhooks.inbound.processing import ends
from webhooks.inbound.processing.activity_counts import finishes_count
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import claim_fresh, claim_retry
from webhooks.models import Event
from webhooks.outbound.event_types import event_type_named

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scripted() -> Iterator[None]:
    with scripted_presets():
        yield


def receive(source: Source, document: Any, **fields: Any) -> ReceivedEvent:
    body = json.dumps(document).encode()
    values = {"headers": {"content-type": "application/json", "x-a": "b"}, **fields}
    return received_event(source, Status.RECEIVED, body=body, body_bytes=len(body), **values)


def work() -> None:
    Processing("me").process(claim_fresh("me"))


def replay(event: ReceivedEvent) -> None:
    ReceivedEvent.objects.filter(pk=event.pk).update(
        status=Status.RECEIVED, attempts=0, due_at=timezone.now()
    )
    work()


def engage(site: Site) -> Source:
    return SourceFactory.create(site=site, preset_key="voyado_engage")


def envelope(event_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"eventId": "e-1", "eventType": event_type, "payload": payload, "tenant": "t"}


def test_what_nobody_wants_is_not_stored(site: Site) -> None:
    subscribe(site, "contact.deleted")
    receive(engage(site), envelope("loyalty.addPoints", {"contactId": "c-1", "amount": 5}))
    work()
    assert not Event.objects.filter(type__startswith="inbound.").exists()
    assert not Event.objects.filter(type="loyalty.addPoints").exists()


def test_engages_points_go_out_as_they_came_and_as_a_relay(site: Site) -> None:
    points, relay = subscribe(site, "loyalty.*"), subscribe(site, "inbound.voyado_engage.*")
    source = engage(site)
    payload = {"contactId": "c-1", "amount": 12345678901234567.25, "source": "till"}
    text = json.dumps(envelope("loyalty.addPoints", payload)).replace(
        "1.2345678901234568e+16", "12345678901234567.25"
    )
    body = text.encode()
    event = received_event(source, Status.RECEIVED, body=body, body_bytes=len(body))
    work()
    assert told(points) == ["loyalty.addPoints"]
    assert told(relay) == ["inbound.voyado_engage.loyalty.addPoints"]
    own, relayed = Event.objects.order_by("type").exclude(type="contact.created").reverse()
    assert '"amount":12345678901234567.25' in own.payload
    contact = Contact.objects.get()
    for each in (own, relayed):
        assert (each.received_event_id, each.contact_id) == (event.pk, contact.pk)
        assert (each.source_key, each.order_key) == (source.public_id, contact.pk.hex)
        known = event_type_named(site, each.type)
        assert known is not None
        jsonschema.validate(json.loads(each.payload), known.schema)
    data = json.loads(relayed.payload)
    assert (data["source"], data["eventType"], data["eventId"]) == (
        source.public_id,
        "loyalty.addPoints",
        "e-1",
    )
    assert data["data"]["source"] == "till"
    assert data["receivedAt"] == event.received_at.isoformat().replace("+00:00", "Z")
    assert data["occurredAt"] is None


def test_an_unknown_type_is_relayed_and_a_foreign_tenant_is_not(site: Site) -> None:
    relay = subscribe(site, "inbound.*")
    source = engage(site)
    receive(source, envelope("store.opened", {"store": "Lund"}))
    source.settings = {"tenant": "mine"}
    source.save()
    receive(source, envelope("store.closed", {"store": "Lund"}) | {"tenant": "theirs"})
    receive(source, envelope("store.moved", {"store": "Lund"}) | {"tenant": "mine"})
    work()
    assert told(relay) == ["inbound.voyado_engage.store.moved"]


def test_each_row_of_a_batch_is_relayed_with_its_own_data(site: Site) -> None:
    relay = subscribe(site, "inbound.ongage.*")
    rows = [
        {"email": "a@example.com", "list_id": 1, "status": "hard", "esp_name": "SES"},
        {"email": "no address", "list_id": 1, "status": "hard", "esp_name": "SES"},
        {"email": "b@example.com", "list_id": 2, "status": "soft", "esp_name": "SES"},
    ]
    receive(SourceFactory.create(site=site, preset_key="ongage"), rows)
    work()
    assert told(relay) == ["inbound.ongage.hard", "inbound.ongage.soft"]
    relayed = Event.objects.filter(type__startswith="inbound.").order_by("type")
    assert [json.loads(each.payload)["data"] for each in relayed] == [rows[0], rows[2]]
    assert [each.subject for each in relayed] == [
        {"email": "a@example.com"},
        {"email": "b@example.com"},
    ]


def test_a_reception_event_goes_out_as_its_fields(site: Site) -> None:
    orders = subscribe(site, "custom_event.*")
    subscribe(site, "inbound.*")
    fields = [email_field(), ReceptionField(field_id="total", name="Total", type="decimal")]
    event = ReceptionEventFactory.create(site=site, alias="order", fields=fields)
    body = {"email": "jane@example.com", "total": 49.90}
    receive(event.source, body, query={"createContact": "true"})
    receive(event.source, {"email": "nobody@example.com"})
    work()
    assert told(orders) == ["custom_event.order"]
    assert dict(stored(site))["custom_event.order"] == body
    known = event_type_named(site, "custom_event.order")
    assert known is not None
    jsonschema.validate(body, known.schema)
    assert not Event.objects.filter(type__startswith="inbound.").exists()


def test_a_replay_relays_nothing_twice_and_what_failed_once_it_succeeds(site: Site) -> None:
    relay = subscribe(site, "inbound.scripted.*")
    source = scripted_source(site=site)
    first = scripted_event(source, {"email": "a@example.com"}, {"email": "b@example.com"})
    second = scripted_event(source, {"email": "c@example.com", "do": "unreadable"})
    work()
    assert len(told(relay)) == 2
    source.settings = {"readable": True}
    source.save()
    replay(first)
    replay(second)
    replay(second)
    assert len(told(relay)) == 3


def test_a_subscription_that_comes_later_gets_older_ones_by_a_replay(site: Site) -> None:
    event = scripted_event(scripted_source(site=site), {"email": "a@example.com"})
    work()
    assert not Event.objects.exists()
    relay = subscribe(site, "inbound.scripted.*")
    replay(event)
    assert told(relay) == ["inbound.scripted.scripted"]


def test_an_attempt_that_failed_leaves_no_event(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = subscribe(site)
    source = scripted_source(site=site)
    scripted_event(source, {"email": "a@example.com"})
    scripted_event(source, {"email": "b@example.com"})

    def fail(finishes: Any) -> None:
        if len(list(finishes)) > 1:
            raise LookupError
        finishes_count(finishes)

    monkeypatch.setattr(ends, "finishes_count", fail)
    work()
    assert sorted(told(relay)) == ["contact.created"] * 2 + ["inbound.scripted.scripted"] * 2
    assert Event.objects.count() == 4
    assert claim_retry("me") == []


def test_whom_a_batch_erases_it_does_not_relay(site: Site) -> None:
    subscribe(site)
    scripted_event(
        scripted_source(site=site),
        {"email": "a@example.com", "type": "before"},
        {"email": "a@example.com", "type": "gone", "do": "delete"},
        {"email": "b@example.com", "type": "other"},
    )
    work()
    types = Event.objects.values_list("type", flat=True)
    assert {name for name in types if name.startswith("inbound.")} == {
        "inbound.scripted.gone",
        "inbound.scripted.other",
    }
    gone = Event.objects.get(type="inbound.scripted.gone")
    assert "a@example.com" not in gone.payload
    assert gone.subject == {}


def test_relays_follow_those_who_become_one_in_the_same_batch(site: Site) -> None:
    subscribe(site)
    source = scripted_source(site=site)
    scripted_event(source, {"email": "a@example.com"}, {"external_id": "7"})
    work()
    scripted_event(source, {"external_id": "7"}, {"email": "a@example.com", "external_id": "7"})
    work()
    assert set(Event.objects.values_list("contact_id", flat=True)) == {Contact.objects.get().pk}


def test_the_source_itself_is_not_told(site: Site) -> None:
    source = scripted_source(site=site)
    same = subscribe(site, source_key=source.public_id)
    other = subscribe(site)
    scripted_event(source, {"email": "a@example.com"})
    work()
    assert told(same) == []
    assert sorted(told(other)) == ["contact.created", "inbound.scripted.scripted"]


def test_a_request_goes_out_as_it_came_once_however_many_parts_it_has(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "CHUNK_ROWS", 2)
    as_received = subscribe(site, format_key="raw_request")
    source = SourceFactory.create(site=site, preset_key="ongage")
    rows = [{"email": f"{n}@example.com", "list_id": 1, "status": "hard"} for n in range(5)]
    received = receive(source, rows)
    work()
    assert told(as_received) == ["inbound.ongage.hard"]
    (kept,) = Event.objects.filter(raw_body__isnull=False)
    assert bytes(kept.raw_body or b"") == received.body
    assert (kept.raw_content_type, kept.raw_headers) == ("application/json", {"x-a": "b"})
    replay(received)
    assert told(as_received) == ["inbound.ongage.hard"]
