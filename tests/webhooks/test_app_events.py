"""What pages and apps send: answered event by event, stored as events of their own."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Activity
from sites.models import PublishableKey, Site
from sites.publishable_keys import last_use
from tests.webhooks.app_events import (
    SHOP,
    TRACKER,
    app_event,
    batch,
    field,
    results,
    send,
    sent,
    shop_key,
)
from tests.webhooks.custom_events import worked_off
from webhooks.inbound.journal import writer as writer_module
from webhooks.models import ReceivedEvent, ReceptionEvent

pytestmark = pytest.mark.django_db(transaction=True)

SHOE = {"product": "shoe", "price": 49.9}


@pytest.fixture
def shop(site: Site) -> PublishableKey:
    return shop_key(site)


@pytest.fixture
def viewed(site: Site) -> ReceptionEvent:
    return app_event(site, alias="viewed")


def test_an_event_of_a_page_is_stored_and_becomes_an_activity(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    answer = send(shop, batch(sent(viewed, SHOE)))
    assert answer.status_code == 202
    (result,) = results(answer)
    stored = ReceivedEvent.objects.get()
    assert result == {"id": stored.event_id}
    assert len(stored.event_id) == 24
    assert (stored.source_id, stored.event_type) == (viewed.source_id, "viewed")
    assert stored.query == {"key": shop.key}
    worked_off()
    activity = Activity.objects.get()
    assert activity.properties == {"product": "shoe", "price": "49.9"}
    assert activity.contact.email is None


def test_the_stored_body_is_one_event_with_what_was_said_of_all(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    entry = sent(viewed, {"product": "shoe", "more": [1.50]}, id="e1", other="x")
    info = {"url": "https://shop.example.com/?utm_source=mail", "title": "Shoes", "more": 1}
    body = batch(entry, email="jane@example.com", pageInfo=info, cart={}, bannerPlaceholders=[])
    assert send(shop, body).status_code == 202
    assert json.loads(bytes(ReceivedEvent.objects.get().body or b"")) == {
        "entityInfo": {"trackerId": TRACKER, "primaryKey": "jane@example.com"},
        "pageInfo": {"url": "https://shop.example.com/?utm_source=mail", "title": "Shoes"},
        "event": {
            "type": "custom",
            "eventId": viewed.event_id,
            "id": "e1",
            "payload": {"product": "shoe", "more": [1.5]},
        },
    }


def test_the_activity_says_on_which_page_and_when(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    info = {
        "url": "https://me:secret@shop.example.com/reset?token=abc&utm_source=mail#/a?key=k",
        "title": "Shoes",
        "referrer": "https://news.example.org/",
    }
    at = timezone.now().replace(microsecond=0) - timedelta(minutes=5)
    send(shop, batch(sent(viewed, SHOE, occurredAt=at.isoformat()), pageInfo=info))
    worked_off()
    activity = Activity.objects.get()
    assert activity.occurred_at == at
    assert activity.properties == {
        "product": "shoe",
        "price": "49.9",
        "_pageUrl": "https://shop.example.com/reset?token=•••&utm_source=mail#/a?key=•••",
        "_pageTitle": "Shoes",
        "_pageReferrer": "https://news.example.org/",
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/json",
        "application/json; charset=utf-8",
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_what_browsers_send_without_asking_is_taken(
    shop: PublishableKey, viewed: ReceptionEvent, content_type: str, slash: str
) -> None:
    path = f"/app/{str(shop.site.public_id).upper()}/events{slash}?key={shop.key}"
    answer = send(shop, batch(sent(viewed)), path=path, content_type=content_type)
    assert answer.status_code == 202


def test_the_urlconf_serves_it_as_the_web_process_does(
    client: Client, shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    path = f"/app/{shop.site.public_id}/events?key={shop.key}"
    body = json.dumps(batch(sent(viewed))).encode()
    answer = client.post(path, body, content_type="text/plain", headers={"Origin": SHOP})
    assert answer.status_code == 202
    assert answer["Access-Control-Allow-Origin"] == SHOP
    asked = client.options(path, headers={"Origin": SHOP})
    assert (asked.status_code, asked["Access-Control-Allow-Methods"]) == (204, "POST")


def test_one_bad_event_does_not_refuse_the_others(
    site: Site, shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    strict = app_event(site, field("size", "integer", is_required=True), alias="sized")
    answer = send(
        shop,
        batch(sent(viewed, SHOE), sent(strict, {"size": "large"}), 7, sent(viewed, {"price": "?"})),
    )
    assert answer.status_code == 202
    first, second, third, fourth = results(answer)
    assert first.keys() == fourth.keys() == {"id"}
    assert second["error"] == {
        "code": "INVALID_FIELDS",
        "detail": "Fields are missing or do not fit.",
        "validationErrors": [{"path": "size", "reason": "Expected a whole number."}],
    }
    assert third == {"error": {"code": "BAD_EVENT", "detail": "An event must be an object."}}
    worked_off()
    assert [each.properties for each in Activity.objects.order_by("id")] == [
        {"product": "shoe", "price": "49.9"},
        {},
    ]


def test_two_equal_events_without_an_id_are_two(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    send(shop, batch(sent(viewed, SHOE), sent(viewed, SHOE)))
    worked_off()
    assert Activity.objects.count() == 2


def test_an_event_sent_again_under_its_id_is_stored_once(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    body = batch(sent(viewed, SHOE, id="7c9e6679"), sent(viewed, SHOE, id="7c9e6679"))
    first, again = send(shop, body), send(shop, body)
    assert first.status_code == again.status_code == 202
    assert results(first) == results(again)
    assert results(first)[0] == results(first)[1]
    worked_off()
    assert ReceivedEvent.objects.count() == Activity.objects.count() == 1


def test_a_page_reads_that_nothing_was_stored_and_tries_again(
    shop: PublishableKey, viewed: ReceptionEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 1)
    body = batch(sent(viewed, SHOE, id="1"), sent(viewed, SHOE, id="2"))
    busy = send(shop, body)
    assert (busy.status_code, busy["Retry-After"]) == (503, "1")
    assert busy["Access-Control-Allow-Origin"] == SHOP
    monkeypatch.undo()
    assert send(shop, body).status_code == 202
    assert ReceivedEvent.objects.count() == 2


def test_the_same_id_of_another_device_or_event_is_another(
    site: Site, shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    bought = app_event(site, alias="bought")
    send(shop, batch(sent(viewed, id="1"), sent(bought, id="1")))
    send(shop, batch(sent(viewed, id="1"), tracker="tracker-2"))
    assert ReceivedEvent.objects.count() == 3


def test_an_app_sends_no_origin(site: Site, viewed: ReceptionEvent) -> None:
    app = shop_key(site, allowed_origins=[], allows_apps=True)
    answer = send(app, batch(sent(viewed)), origin="")
    assert answer.status_code == 202
    assert not answer.has_header("Access-Control-Allow-Origin")


def test_the_use_of_a_key_is_noted(site: Site, viewed: ReceptionEvent) -> None:
    both = shop_key(site, allows_apps=True)
    send(both, batch(sent(viewed)))
    last_use.flush()
    both.refresh_from_db()
    assert both.last_used_at is not None
    assert both.last_used_from == SHOP
    last_use.forget()
    send(both, batch(sent(viewed)), origin="")
    last_use.flush()
    both.refresh_from_db()
    assert both.last_used_from == "127.0.0.1"


def test_a_hundred_events_are_taken_at_once(shop: PublishableKey, viewed: ReceptionEvent) -> None:
    answer = send(shop, batch(*(sent(viewed, {"price": n}) for n in range(100))))
    assert answer.status_code == 202
    ids = [result["id"] for result in results(answer)]
    stored = ReceivedEvent.objects.order_by("pk").values_list("event_id", flat=True)
    assert ids == list(stored)


def test_numbers_keep_their_digits(site: Site, shop: PublishableKey) -> None:
    event = app_event(site, field("amount", "decimal"))
    raw = json.dumps(batch(sent(event, {"amount": "@"}))).replace(
        '"@"', "123456789012345678.123456789012345678"
    )
    assert send(shop, raw.encode()).status_code == 202
    worked_off()
    assert Activity.objects.get().properties == {"amount": "123456789012345678.123456789012345678"}
