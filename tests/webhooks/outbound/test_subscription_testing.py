"""One delivery to try a subscription, over a real socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
import standardwebhooks
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from sites.models import AuditEntry, Site
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers
from tests.webhooks.delivering import Answer, Got, receiver
from tests.webhooks.outbound.subscribing import ACTOR, contact, delivery, saved
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Event,
    Incident,
    KeptBody,
    Subscription,
    SubscriptionHour,
    SubscriptionState,
    Trigger,
)
from webhooks.outbound.subscriptions.services import subscription_pause
from webhooks.outbound.testing import subscription_test
from webhooks.outbound.upkeep.erasure import EMPTIED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.network]

CREATED = "contact.created"


def try_out(subscription: Subscription, event: str | Event) -> Attempt:
    return subscription_test(subscription=subscription, event=event, actor=ACTOR)


def test_example_goes_out_signed_and_is_in_the_log(site: Site) -> None:
    with HostileApi(answers(200)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        attempt = try_out(subscription, CREATED)
    (got,) = server.requests
    signed = standardwebhooks.Webhook(subscription.secrets["signing"])
    assert signed.verify(got.body, dict(got.headers))
    row = Delivery.objects.select_related("event").get()
    assert (row.status, row.trigger) == (DeliveryStatus.SUCCEEDED, Trigger.TEST)
    assert (row.triggered_by, row.attempts, row.last_status_code) == ("tests", 1, 200)
    assert row.event.is_test
    assert row.event.message_id == got.header("webhook-id")
    assert (attempt.unit, attempt.status_code, attempt.error) == (row.unit, 200, "")
    assert bytes(KeptBody.objects.get(unit=row.unit).body) == got.body
    assert subscription.secrets["signing"] not in json.dumps(attempt.request_headers)
    assert AuditEntry.objects.filter(action="subscription.tested").count() == 1


@pytest.mark.parametrize("state", ["paused", "disabled"])
def test_works_whatever_the_state_and_leaves_it(site: Site, state: str) -> None:
    with HostileApi(answers(200)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        Subscription.objects.update(state=state, state_reason="It answered 410.")
        subscription.refresh_from_db()
        assert try_out(subscription, CREATED).error == ""
    subscription.refresh_from_db()
    assert subscription.state == state


def test_failure_is_told_once_and_moves_nothing(site: Site) -> None:
    with HostileApi(answers(410)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        attempt = try_out(subscription, CREATED)
    assert len(server.requests) == 1
    assert (attempt.error, attempt.status_code, attempt.next_at) == ("status", 410, None)
    assert "410" in attempt.sentence
    assert Delivery.objects.get().status == DeliveryStatus.FAILED
    subscription.refresh_from_db()
    assert (subscription.state, subscription.failures_in_row) == (SubscriptionState.ACTIVE, 0)
    assert not SubscriptionHour.objects.exists()
    assert not Incident.objects.exists()


def test_nobody_answers(site: Site) -> None:
    with HostileApi(answers(200)) as server:
        url = server.url("/hooks")
    attempt = try_out(saved(site, url=url), CREATED)
    assert attempt.error == "refused"
    assert Delivery.objects.get().last_error == "refused"


def test_only_200_is_success_where_the_format_says_so(site: Site) -> None:
    with HostileApi(answers(204)) as server:
        subscription = saved(
            site, url=server.url("/hooks"), format_key="webengage_event", signing="webengage",
            format_settings={"license_code": "311c48b3", "hook": "journey"},
        )  # fmt: skip
        attempt = try_out(subscription, "account.source.created")
    assert attempt.error == "status"
    assert "secret=" in server.requests[0].target
    assert subscription.secrets["signing"] not in attempt.url


def test_something_that_happened_goes_under_a_new_message_id(site: Site) -> None:
    with HostileApi(answers(200)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        subscription_pause(subscription=subscription, actor=ACTOR)
        kim = contact(site, "kim@example.com")
        happened = delivery(subscription, contact=kim, payload='{"contactId":"real"}').event
        try_out(subscription, happened)
    (got,) = server.requests
    assert json.loads(got.body)["data"] == {"contactId": "real"}
    assert got.header("webhook-id") != happened.message_id
    copy = Event.objects.get(is_test=True)
    # So that an erasure of the person takes the test along.
    assert copy.contact_id == kim.pk


def test_a_test_brings_back_nobody_who_was_erased_while_it_was_sent(site: Site) -> None:
    def erases(_: Got) -> Answer:
        Event.objects.update(**EMPTIED)
        connection.close()
        return 200, {}, b"Saved kim@example.com"

    with receiver(erases) as server:
        subscription = saved(site, url=server.url)
        kim = contact(site, "kim@example.com")
        happened = delivery(subscription, contact=kim, payload='{"contactId":"real"}').event
        attempt = try_out(subscription, happened)
    assert server.got
    copy = Event.objects.get(is_test=True)
    assert (copy.payload, copy.subject) == ("", {})
    assert (attempt.status_code, attempt.response_body) == (200, "")
    assert not KeptBody.objects.exists()


def test_what_cannot_be_built_is_told(site: Site) -> None:
    subscription = saved(site, format_key="raw_request")
    attempt = try_out(subscription, "inbound.ongage.hard")
    assert (attempt.error, attempt.url) == ("unsendable", subscription.url)
    assert Delivery.objects.get().status == DeliveryStatus.FAILED


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({}, "no.such.type"),
        ({"format_key": "engage", "format_settings": {"tenant": "x"}}, "account.source.created"),
    ],
)
def test_events_that_cannot_be_tried(site: Site, fields: dict[str, Any], event: str) -> None:
    with pytest.raises(ValidationError):
        try_out(saved(site, **fields), event)
    assert not Event.objects.filter(is_test=True).exists()


def test_worker_leaves_tests_alone(site: Site) -> None:
    with HostileApi(answers(500)) as server:
        try_out(saved(site, url=server.url("/hooks")), CREATED)
    row = Delivery.objects.get()
    assert row.lease_owner == ""
    assert row.finished_at is not None
    assert row.finished_at <= timezone.now()
