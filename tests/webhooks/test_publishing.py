"""The outbox: what is stored of an event, for whom, and that it is all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from common.json_text import json_text
from integrations.ksuid import ksuid_time
from sites.audit import Actor
from sites.models import Site
from sites.services import site_update
from tests.factories import SiteFactory
from tests.webhooks.publishing import AT, new_event, stored, subscribe, told
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    Event,
    Subscription,
    SubscriptionState,
    Trigger,
)
from webhooks.outbound.delivering.leases import hold_waiting
from webhooks.outbound.holding.stragglers import release_stragglers
from webhooks.outbound.publishing import RawRequest, deliveries_add, events_publish
from webhooks.outbound.publishing import outbox as outbox_module
from webhooks.outbound.publishing.message_ids import new_message_ids
from webhooks.outbound.subscriptions.directory import snapshot_of, subscriptions_by_id
from webhooks.outbound.subscriptions.services import subscription_pause
from webhooks.outbound.subscriptions.state import subscription_disable_by_policy

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("tests")


def raw(body: bytes = b"<a/>") -> RawRequest:
    return RawRequest(content_type="text/xml", headers={"x-a": "b"}, body=body)


def test_a_site_without_subscriptions_stores_nothing(site: Site) -> None:
    subscribe(SiteFactory.create())
    assert events_publish([new_event(site)]) == []
    assert not Event.objects.exists()


def test_an_event_is_stored_once_with_a_delivery_for_each_who_wants_it(site: Site) -> None:
    everything, by_star = subscribe(site), subscribe(site, "test.*")
    other = subscribe(site, "contact.*")
    (event_id,) = events_publish([new_event(site, order_key="who", source_key="src_a")])
    event = Event.objects.get()
    assert event.pk == event_id
    assert (event.type, event.occurred_at, event.payload) == ("test.happened", AT, '{"number":1}')
    assert (event.order_key, event.source_key, event.is_test) == ("who", "src_a", False)
    made = ksuid_time(event.message_id.removeprefix("msg_"))
    assert made is not None
    assert abs(made - event.created_at) < timedelta(milliseconds=5)
    for subscription in (everything, by_star):
        delivery = Delivery.objects.get(subscription=subscription)
        assert (delivery.event_id, delivery.unit) == (event.pk, delivery.pk)
        assert (delivery.status, delivery.trigger) == (DeliveryStatus.PENDING, Trigger.EVENT)
        assert delivery.due_at == delivery.created_at == event.created_at
    assert told(other) == []


def test_nothing_is_left_of_a_transaction_that_fails(site: Site) -> None:
    subscribe(site)

    @transaction.atomic
    def fail() -> None:
        events_publish([new_event(site)])
        assert Delivery.objects.exists()
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def _paused(site: Site) -> str:
    subscription_pause(subscription=subscribe(site), actor=ACTOR, reason="They move house.")
    return Subscription.objects.get().state_reason


def _disabled(site: Site) -> str:
    reason = "The receiver answered 410 Gone."
    subscription_disable_by_policy(subscription=subscribe(site), reason=reason)
    return reason


def _without_a_word(site: Site) -> str:
    subscribe(site, state=SubscriptionState.PAUSED)
    return "The subscription is paused."


@pytest.mark.parametrize("stop", [_paused, _disabled, _without_a_word])
def test_what_happens_while_it_stands_still_is_held_and_says_why(
    site: Site, stop: Callable[[Site], str]
) -> None:
    words = stop(site)
    events_publish([new_event(site)])
    held = Delivery.objects.get()
    assert (held.status, held.reason) == (DeliveryStatus.HELD, words)
    # What waited when it stopped says the same.
    held.status, held.reason = DeliveryStatus.PENDING, ""
    held.save()
    assert hold_waiting() == 1
    held.refresh_from_db()
    assert (held.status, held.reason) == (DeliveryStatus.HELD, words)


def _switch(site: Site, *, is_active: bool) -> None:
    site.is_active = is_active
    site_update(site=site, actor=ACTOR)


def test_what_happens_while_the_site_is_off_says_so_until_it_goes_out(site: Site) -> None:
    subscribe(site)
    _switch(site, is_active=False)
    events_publish([new_event(site)])
    held = Delivery.objects.get()
    assert held.status == DeliveryStatus.HELD
    assert "site is switched off" in held.reason
    _switch(site, is_active=True)
    assert release_stragglers() == 1
    held.refresh_from_db()
    assert (held.status, held.reason) == (DeliveryStatus.PENDING, "")


def test_a_source_is_not_told_of_what_it_said(site: Site) -> None:
    same = subscribe(site, source_key="src_a")
    other = subscribe(site, source_key="src_b")
    events_publish([new_event(site, "a", source_key="src_a"), new_event(site, "b")])
    assert (told(same), told(other)) == (["b"], ["a", "b"])


def test_conditions_look_at_the_payload(site: Site) -> None:
    rows = [{"pointer": "/amount", "operator": "gt", "value": 5}]
    picky = subscribe(site, conditions=rows)
    events_publish(
        [
            new_event(site, "small", payload={"amount": Decimal("4.5")}),
            new_event(site, "large", payload={"amount": Decimal("5.5")}),
            new_event(site, "none", payload={}),
        ]
    )
    assert told(picky) == ["large"]


def test_a_format_carries_only_its_own_types(site: Site) -> None:
    engage = subscribe(site, format_key="engage")
    gone = subscribe(site, format_key="no_longer_installed")
    events_publish([new_event(site), new_event(site, "contact.deleted")])
    assert told(engage) == ["contact.deleted"]
    assert told(gone) == ["test.happened", "contact.deleted"]


def test_batches_wait_for_their_window_and_strict_order_names_whom(site: Site) -> None:
    batched = subscribe(site, batch_size=100, batch_seconds=600)
    ordered = subscribe(site, strict_order=True)
    events_publish([new_event(site, order_key="who")])
    waiting = Delivery.objects.get(subscription=batched)
    assert (waiting.due_at - waiting.created_at, waiting.order_key) == (timedelta(minutes=10), "")
    assert Delivery.objects.get(subscription=ordered).order_key == "who"


def test_a_change_of_the_subscription_counts_at_once(site: Site) -> None:
    subscription = subscribe(site, "a")
    events_publish([new_event(site, "a"), new_event(site, "b")])
    subscription.event_types = ["b"]
    subscription.save()
    events_publish([new_event(site, "a"), new_event(site, "b")])
    assert told(subscription) == ["a", "b"]
    subscription.delete()
    assert events_publish([new_event(site)]) == []


def test_a_subscription_deleted_meanwhile_is_passed_over(site: Site) -> None:
    gone, kept = subscribe(site), subscribe(site)
    subscriptions_by_id()  # as it was a moment ago
    with mock.patch.object(outbox_module, "existing", return_value={kept.pk}):
        events_publish([new_event(site)])
    assert (told(gone), told(kept)) == ([], ["test.happened"])


def test_the_number_of_statements_does_not_grow_with_the_events(site: Site) -> None:
    subscribe(site)
    events_publish([new_event(site)])
    with CaptureQueriesContext(connection) as few:
        events_publish([new_event(site)])
    with CaptureQueriesContext(connection) as many:
        events_publish([new_event(site, str(number)) for number in range(200)])
    assert len(many) == len(few)


def test_raw_requests_are_kept_where_they_are_wanted_and_sent_once(site: Site) -> None:
    as_received = subscribe(site, format_key="raw_request")
    subscribe(site)
    request, other = uuid4(), uuid4()

    def publish(*rows: tuple[str, Any]) -> None:
        events_publish(
            [
                new_event(site, event_type, received_event_id=key, raw=raw() if key else None)
                for event_type, key in rows
            ]
        )

    publish(("inbound.ongage.soft", request), ("inbound.ongage.hard", request))
    publish(("inbound.ongage.soft", request), ("inbound.ongage.soft", other))
    publish(("contact.created", None))
    assert told(as_received) == ["inbound.ongage.soft"] * 2
    kept = Event.objects.filter(raw_body__isnull=False)
    assert {event.received_event_id for event in kept} == {request, other}
    first = kept[0]
    assert (bytes(first.raw_body or b""), first.raw_content_type) == (b"<a/>", "text/xml")
    assert first.raw_headers == {"x-a": "b"}
    assert Event.objects.count() == 5


def test_deliveries_are_added_for_events_that_are_stored(site: Site) -> None:
    subscription = subscribe(site, "nothing")
    subscribe(site)
    events_publish([new_event(site), new_event(site)])
    events = list(Event.objects.order_by("pk"))
    now = snapshot_of(subscription)

    def add(trigger: Trigger, **values: Any) -> int:
        return len(
            deliveries_add(
                subscription=now, events=events, trigger=trigger, actor_label="anna", **values
            )
        )

    assert add(Trigger.EVENT) == 2
    assert add(Trigger.EVENT) == 0
    first = Delivery.objects.get(subscription=subscription, event=events[0])
    assert add(Trigger.REPLAY, repeats={events[0].pk: first.pk}) == 2
    again = Delivery.objects.filter(trigger=Trigger.REPLAY).order_by("pk")
    assert [each.repeats_id for each in again] == [first.pk, None]
    assert {each.triggered_by for each in again} == {"anna"}


def test_message_ids_are_distinct_and_date_themselves() -> None:
    ids = new_message_ids(AT, [""] * 500)
    assert len(set(ids)) == 500
    assert {len(each) for each in ids} == {31}
    assert {ksuid_time(each.removeprefix("msg_")) for each in ids} == {AT}


def test_message_ids_about_one_contact_tell_their_order() -> None:
    ids = new_message_ids(AT, ["jane", "kim", "jane", "", "jane"])
    times = [ksuid_time(each.removeprefix("msg_")) for each in ids]
    tick = timedelta(milliseconds=4)
    assert times == [AT - 2 * tick, AT, AT - tick, AT, AT]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": Decimal("10.50"), "b": "å"}, '{"a":10.50,"b":"å"}'),
        ([Decimal("0.12345678901234567890123")], "[0.12345678901234567890123]"),
        ({"at": AT, "id": None}, '{"at":"2026-05-01T12:00:00Z","id":null}'),
        (Decimal("1E+30"), "1E30"),
    ],
)
def test_json_text_keeps_every_digit(value: Any, text: str) -> None:
    assert json_text(value) == text
    json.loads(text)


@pytest.mark.parametrize("value", [Decimal("NaN"), float("inf")])
def test_json_text_refuses_what_is_no_number(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text(value)


def test_events_of_several_sites_go_their_own_ways(site: Site) -> None:
    second = SiteFactory.create()
    here, there = subscribe(site), subscribe(second)
    events_publish([new_event(site, "here"), new_event(second, "there")])
    assert (told(here), told(there)) == (["here"], ["there"])
    assert stored(second) == [("there", {"number": 1})]
