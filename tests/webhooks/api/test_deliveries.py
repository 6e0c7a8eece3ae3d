from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from sites.jobs import run_job_slice
from sites.models import Job, Scope, Site
from tests.contacts.contact_client import ContactClient as Client
from tests.factories import SourceFactory
from tests.webhooks.delivery_log import attempt, delivery, event
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.received import received_event
from webhooks.inbound.models import Status
from webhooks.models import Delivery, DeliveryStatus, KeptBody, Subscription
from webhooks.outbound.delivering.unit import batch_message_id

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/api/v1/deliveries"
PERSON = "kim@example.com"


@pytest.fixture
def subscription(site: Site) -> Subscription:
    return saved(site)


def ids(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.body["results"]]


def test_deliveries_are_found_by_what_they_are(
    api: Client, site: Site, subscription: Subscription
) -> None:
    failed = delivery(subscription, last_status_code=503, last_error="status")
    arrived = delivery(subscription, DeliveryStatus.SUCCEEDED, last_status_code=200)
    late = delivery(
        subscription, DeliveryStatus.RETRYING, event(site, "loyalty.addPoints"),
        last_error="timeout", attempts=3,
    )  # fmt: skip
    elsewhere = delivery(saved(site, name="Other"), DeliveryStatus.HELD)
    for query, found in (
        ("", [elsewhere, late, arrived, failed]),
        (f"?subscription={subscription.public_id}", [late, arrived, failed]),
        ("?state=failed", [failed]),
        ("?state=pending", [late]),
        ("?state=held", [elsewhere]),
        ("?state=succeeded", [arrived]),
        ("?code=5xx", [failed]),
        ("?error=timeout", [late]),
        ("?tries=2", [late]),
        ("?eventType=loyalty.addPoints", [late]),
        (f"?event={late.event_id}", [late]),
        (f"?messageId={failed.event.message_id}", [failed]),
        (f"?messageId={failed.event.message_id}&state=succeeded", []),
        (f"?messageId={batch_message_id(late.unit)}", [late]),
        (f"?messageId={batch_message_id(late.unit)}&event={late.event_id}", [late]),
        (f"?messageId={batch_message_id(late.unit)}&event={failed.event_id}", []),
        ("?since=2999-01-01T00:00:00Z", []),
        ("?until=2999-01-01T00:00:00%2B01:00", [elsewhere, late, arrived, failed]),
    ):
        assert ids(api.get(BASE + query)) == [str(each.pk) for each in found], query


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=x", {"state"}),
        ("since=yesterday", {"since"}),
        ("since=0001-01-01T00:00:00Z", {"since"}),
        ("event=x&code=9xx", {"event", "code"}),
        ("colour=red", {"colour"}),
    ],
)
def test_a_filter_that_means_nothing_is_refused(api: Client, query: str, names: set[str]) -> None:
    assert api.get(f"{BASE}?{query}").faults.keys() == names


def test_a_delivery_is_shown_with_its_attempts(
    api: Client, site: Site, subscription: Subscription
) -> None:
    row = delivery(
        subscription, of=event(site, payload={"email": PERSON, "contactId": "c-1"}),
        reason=f"Refused for {PERSON}.",
    )  # fmt: skip
    body = b'{"data":{"email":"kim@example.com","contactId":"c-1"}}'
    attempt(row, body=body, response_body='{"told":"kim@example.com"}', sentence=f"No {PERSON}.")
    KeptBody.objects.create(
        unit=row.unit, subscription=subscription, message_id="m", created_at=timezone.now(),
        content_type="application/json", body=body,
    )  # fmt: skip
    shown = api.get(f"{BASE}/{row.pk}").body
    (only,) = shown["attempts"]
    assert (only["statusCode"], only["durationMs"], only["number"]) == (503, 87, 1)
    assert only["requestBody"] == {"text": body.decode(), "isCut": False, "isMasked": False}
    assert PERSON in only["responseBody"]["text"]
    assert shown["messageId"] == row.event.message_id

    api.key.scopes = [Scope.MANAGEMENT_READ]
    api.key.save()
    shown = api.get(f"{BASE}/{row.pk}").body
    (only,) = shown["attempts"]
    assert only["requestBody"]["isMasked"]
    assert PERSON not in str(shown) + str(api.get(BASE).body)
    assert "c-1" in only["requestBody"]["text"]


def test_an_event_is_masked_for_keys_that_may_not_read_contacts(api: Client, site: Site) -> None:
    saved(site)
    row = event(site, payload={"email": PERSON, "amount": 1.5}, received_event_id=uuid4())
    path = f"/api/v1/events/{row.pk}"
    assert api.get(path).body["payload"] == {"email": PERSON, "amount": 1.5}
    for query in (
        f"type={row.type}", f"messageId={row.message_id}", f"receivedEvent={row.received_event_id}"
    ):  # fmt: skip
        assert ids(api.get(f"/api/v1/events?{query}")) == [str(row.pk)]
    assert ids(api.get("/api/v1/events?type=other")) == []
    assert "payload" not in api.get("/api/v1/events").body["results"][0]
    api.key.scopes = [Scope.MANAGEMENT_READ]
    api.key.save()
    assert api.get(path).body["payload"] == {"email": "•••", "amount": 1.5}
    row.payload = ""
    row.save()
    assert api.get(path).body["payload"] is None


def test_resending_makes_one_new_delivery(api: Client, subscription: Subscription) -> None:
    row = delivery(subscription)
    path = f"{BASE}/{row.pk}/resend"
    again = api.send("POST", path, idempotency_key="once")
    assert again.status == 201
    assert again.body["repeats"] == str(row.pk)
    assert again.body["messageId"] == row.event.message_id
    assert api.send("POST", path, idempotency_key="once").body == again.body
    refused = api.send("POST", path)
    assert (refused.status, refused.body["code"]) == (409, "NOT_RESENDABLE")
    assert Delivery.objects.count() == 2


def test_what_arrived_is_resent_when_confirmed(api: Client, subscription: Subscription) -> None:
    path = f"{BASE}/{delivery(subscription, DeliveryStatus.SUCCEEDED).pk}/resend"
    assert api.send("POST", path).status == 409
    assert api.send("POST", path, {"confirmed": "yes"}).faults.keys() == {"confirmed"}
    assert api.send("POST", path, {"confirmed": True}).status == 201


def test_cancelling_twice_is_cancelling_once(api: Client, subscription: Subscription) -> None:
    path = f"{BASE}/{delivery(subscription, DeliveryStatus.RETRYING).pk}/cancel"
    for _ in range(2):
        answer = api.send("POST", path)
        assert (answer.status, answer.body["status"]) == (200, "cancelled")
    ended = api.send("POST", f"{BASE}/{delivery(subscription).pk}/cancel")
    assert (ended.status, ended.body["code"]) == (409, "NOT_CANCELLABLE")


def test_a_recovery_does_what_its_plan_said(
    api: Client, site: Site, subscription: Subscription
) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(rate_per_second=1)
    rows = [delivery(subscription) for _ in range(3)]
    delivery(saved(site, name="Other"))
    since = (timezone.now() - timedelta(hours=1)).isoformat().replace("+", "%2B")
    asked = f"subscription={subscription.public_id}&since={since}"
    plan = api.get(f"/api/v1/recoveries/plan?{asked}").body
    assert (plan["total"], plan["isAtMost"], plan["skipped"]) == (3, False, [])
    (endpoint,) = plan["endpoints"]
    assert endpoint["subscriptionId"] == subscription.public_id
    delivery(subscription)  # after the plan
    body = {"subscription": subscription.public_id, "upperId": plan["upperId"]}
    started = api.send("POST", "/api/v1/recoveries", body)
    assert (started.status, started.body["total"]) == (202, 3)
    run_job_slice(started.body["id"])
    done = api.get(started.headers["Location"]).body
    assert (done["state"], done["done"]) == ("done", 3)
    again = Delivery.objects.filter(trigger="replay").order_by("pk")
    assert [each.repeats_id for each in again] == [each.pk for each in rows]
    nothing = api.send("POST", "/api/v1/recoveries", body)
    assert (nothing.status, nothing.body["code"]) == (409, "NOTHING_TO_SEND")


def test_an_empty_plan_says_so(api: Client) -> None:
    plan = api.get("/api/v1/recoveries/plan?mode=missing&includeSucceeded=true").body
    assert (plan["total"], plan["upperId"], plan["firstAt"]) == (0, None, None)


def test_received_events_are_read_and_replayed(api: Client, site: Site) -> None:
    source = SourceFactory.create(site=site)
    failed = received_event(
        source,
        Status.FAILED,
        cause="BAD_JSON",
        event_id="e-1",
        body=b'{"email":"kim@example.com"}',
        reason=f"Not {PERSON}.",
    )
    done = received_event(source, Status.PROCESSED, event_type="contact.deleted")
    base = "/api/v1/received-events"
    for query, found in (
        ("", [done, failed]),
        (f"?source={source.public_id}", [done, failed]),
        ("?status=failed", [failed]),
        ("?status=processed", [done]),
        ("?eventType=contact.deleted", [done]),
        ("?cause=BAD_JSON", [failed]),
        ("?cause=BAD_JSON&status=failed", [failed]),
        ("?eventId=e-1", [failed]),
        ("?until=2001-01-01", []),
    ):
        assert ids(api.get(base + query)) == [str(each.pk) for each in found], query
    shown = api.get(f"{base}/{failed.pk}").body
    assert PERSON in shown["body"]["text"]
    replayed = api.send("POST", f"{base}/{failed.pk}/replay")
    assert (replayed.status, replayed.body["total"]) == (202, 1)
    run_job_slice(replayed.body["id"])
    failed.refresh_from_db()
    assert failed.status == Status.RECEIVED
    for row in (failed, done):
        refused = api.send("POST", f"{base}/{row.pk}/replay")
        assert (refused.status, refused.body["code"]) == (409, "NOT_REPLAYABLE")
    again = api.send("POST", f"{base}/{done.pk}/replay", {"includeProcessed": True})
    assert again.status == 202
    api.key.scopes = [Scope.MANAGEMENT_READ]
    api.key.save()
    failed.reason = f"Not {PERSON}."
    failed.save()
    assert PERSON not in str(api.get(f"{base}/{failed.pk}").body) + str(api.get(base).body)


def test_sources_are_shown_without_what_they_check_by(api: Client, site: Site) -> None:
    source = SourceFactory.create(
        site=site, secrets={"token": "hidden-1"}, settings={"x": "hidden-2"}
    )
    listed = api.get("/api/v1/sources").body["results"]
    assert listed == [api.get(f"/api/v1/sources/{source.public_id}").body]
    assert listed[0]["address"].endswith(f"/in/{source.public_id}")
    assert "hidden" not in str(listed)


def test_jobs_of_other_kinds_are_not_there(api: Client, site: Site) -> None:
    other = Job.objects.create(site=site, kind="import", title="Import")
    assert api.get(f"/api/v1/jobs/{other.pk}").status == 404
    assert api.get(f"/api/v1/jobs/{10**30}").status == 404


def test_the_catalogue_is_listed_and_each_type_shown(api: Client) -> None:
    listed = api.get("/api/v1/event-types").body["results"]
    keys = [each["key"] for each in listed]
    assert "contact.created" in keys
    assert len(set(keys)) == len(keys)
    grouped = api.get("/api/v1/event-types?group=Contacts").body["results"]
    assert {each["group"] for each in grouped} == {"Contacts"}
    one = api.get("/api/v1/event-types/contact.created").body
    assert one["example"]["contactId"]
    assert one["schema"]["type"] == "object"
    assert api.get("/api/v1/event-types/no.such").status == 404


def test_every_address_takes_a_slash_at_its_end(api: Client, subscription: Subscription) -> None:
    row = delivery(subscription)
    for path in (
        "sites", "subscriptions", f"subscriptions/{subscription.public_id}", "event-types",
        "event-types/contact.created", "events", f"events/{row.event_id}", "deliveries",
        f"deliveries/{row.pk}", "recoveries/plan", "sources", "received-events",
    ):  # fmt: skip
        assert api.get(f"/api/v1/{path}/").status == api.get(f"/api/v1/{path}").status == 200
