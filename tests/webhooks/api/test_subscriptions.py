from __future__ import annotations

import json
from typing import Any

import pytest

from common.endpoint.throttle import Throttle
from sites.models import AuditEntry, Scope, Site
from tests.contacts.contact_client import ContactClient as Client
from tests.factories import SiteFactory
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers
from tests.webhooks.outbound.subscribing import delivery, saved
from webhooks.api import subscription_actions
from webhooks.models import Delivery, DeliveryStatus, Subscription, SubscriptionState

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/api/v1/subscriptions"
NEW = {"name": "Shop", "url": "https://shop.example.com:8443/hooks", "format": "standard_webhooks"}


def create(api: Client, **values: Any) -> dict[str, Any]:
    answer = api.send("POST", BASE, NEW | values)
    assert answer.status == 201, answer.faults
    body: dict[str, Any] = answer.body
    return body


def test_create_read_change_and_delete(api: Client) -> None:
    made = create(api, eventTypes=["contact.*"], headers={"X-Tenant": "seven"})
    assert made["secret"].startswith("whsec_")
    path = f"{BASE}/{made['id']}"
    read = api.get(path).body
    assert {**read, "secret": made["secret"]} == made
    assert read["headers"] == {"X-Tenant": None}
    assert (read["state"], read["signing"], read["secretsSet"]) == (
        "active",
        "standard_webhooks",
        ["signing"],
    )
    assert read["backlog"] == {"pending": 0, "held": 0, "oldestPendingAt": None}

    changed = api.patch(path, ratePerSecond=5, headers={"X-Tenant": None, "X-Two": "2"}).body
    assert (changed["ratePerSecond"], changed["secret"]) == (5, None)
    row = Subscription.objects.get()
    assert row.headers == {"X-Tenant": "seven", "X-Two": "2"}
    assert row.name == "Shop"

    assert api.send("DELETE", path).status == 204
    assert not Subscription.objects.exists()
    assert api.get(path).status == 404
    labels = set(AuditEntry.objects.values_list("actor_label", flat=True))
    assert labels == {"API key Shop"}


def test_secrets_and_header_values_never_come_back(api: Client) -> None:
    made = create(
        api,
        url="https://shop.example.com:8443/h?token=hidden-1",
        headers={"X-Key": "hidden-2"},
        secrets={"signing": "whsec_" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"},
    )
    assert made["secret"] is None  # it was given, not made
    path = f"{BASE}/{made['id']}"
    for text in (json.dumps(api.get(path).body), json.dumps(api.get(BASE).body)):
        for secret in ("hidden-1", "hidden-2", "YWFh"):
            assert secret not in text


def test_what_was_read_can_be_written_back(api: Client) -> None:
    made = create(
        api, url="https://shop.example.com:8443/h?token=hidden", headers={"X-Key": "hidden"}
    )
    path = f"{BASE}/{made['id']}"
    read = api.get(path).body
    before = Subscription.objects.get()
    known = NEW.keys() | {
        "formatSettings", "eventTypes", "conditions", "sameSystem", "signing", "signingSettings",
        "encryption", "verifyTls", "timeoutSeconds", "ratePerSecond", "concurrency", "headers",
        "retrySchedule", "retryRules", "batchSize", "batchSeconds", "strictOrder",
    }  # fmt: skip
    answer = api.send("PATCH", path, {name: read[name] for name in known})
    assert answer.status == 200, answer.body
    after = Subscription.objects.get()
    assert (after.url, after.headers, after.revision) == (
        before.url,
        before.headers,
        before.revision,
    )


def test_every_fault_is_told_at_once_and_nothing_is_written(api: Client) -> None:
    answer = api.send(
        "POST",
        BASE,
        {
            "name": " ",
            "url": "ftp://shop.example.com",
            "format": "standard_webhooks",
            "eventTypes": ["*.x"],
            "ratePerSecond": "five",
            "concurrency": 0,
            "verifyTls": 1,
            "retrySchedule": [],
            "headers": {"X-A": 5},
            "signing": "nonsense",
            "secrets": {"other": "x"},
            "colour": "red",
        },
    )
    assert answer.status == 422
    assert answer.faults.keys() >= {"ratePerSecond", "verifyTls", "headers.X-A", "colour"}
    # What needs the others in order is told once they are.
    answer = api.send(
        "POST",
        BASE,
        {**NEW, "name": "", "url": "ftp://x", "concurrency": 0, "ratePerSecond": "five",
         "eventTypes": ["*.x"], "retrySchedule": []},
    )  # fmt: skip
    assert answer.faults.keys() == {
        "name", "url", "concurrency", "ratePerSecond", "eventTypes", "retrySchedule",
    }  # fmt: skip
    assert not Subscription.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_is_needed_is_asked_for(api: Client) -> None:
    answer = api.send("POST", BASE, {})
    assert answer.status == 422
    assert answer.faults.keys() >= {"format", "name", "url"}
    assert api.send("POST", BASE, []).faults == {"": "The body must be a JSON object."}


def test_another_format_brings_what_it_needs(api: Client) -> None:
    made = create(api, format="ongage_batch", formatSettings={"list_id": "7"})
    assert made["batchSize"] > 1
    path = f"{BASE}/{made['id']}"
    changed = api.patch(path, format="standard_webhooks").body
    assert changed["format"] == "standard_webhooks"


def test_state_goes_to_and_fro_and_twice_is_once(api: Client) -> None:
    path = f"{BASE}/{create(api)['id']}"
    for _ in range(2):
        paused = api.send("POST", f"{path}/pause", {"reason": "Moving house"})
        assert (paused.status, paused.body["state"]) == (200, "paused")
    subscription = Subscription.objects.get()
    held = delivery(subscription)
    resumed = api.send("POST", f"{path}/resume", {"held": "drop"})
    assert (resumed.status, resumed.body["state"]) == (200, "active")
    held.refresh_from_db()
    assert held.status == DeliveryStatus.CANCELLED
    assert api.send("POST", f"{path}/resume").body["state"] == "active"
    assert api.send("POST", f"{path}/resume", {"held": "burn"}).faults.keys() == {"held"}


def test_what_policy_disabled_is_enabled_not_resumed(api: Client) -> None:
    path = f"{BASE}/{create(api)['id']}"
    Subscription.objects.update(state=SubscriptionState.DISABLED, state_reason="Gone for days.")
    refused = api.send("POST", f"{path}/resume")
    assert (refused.status, refused.body["code"]) == (409, "SUBSCRIPTION_DISABLED")
    assert api.send("POST", f"{path}/enable").body["state"] == "active"


def test_many_held_ones_are_dealt_with_by_a_job(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.outbound.holding.resuming.SLICE", 2)
    path = f"{BASE}/{create(api)['id']}"
    api.send("POST", f"{path}/pause")
    for _ in range(3):
        delivery(Subscription.objects.get())
    answer = api.send("POST", f"{path}/resume")
    assert (answer.status, answer.body["total"], answer.body["state"]) == (202, 3, "pending")
    job = api.get(answer.headers["Location"])
    assert job.body == answer.body
    cancelled = api.send("POST", f"{answer.headers['Location']}/cancel").body
    assert cancelled["isCancelRequested"]
    assert api.send("POST", f"{answer.headers['Location']}/cancel").status == 200


def test_a_rotation_shows_the_new_secret_once(api: Client) -> None:
    made = create(api)
    path = f"{BASE}/{made['id']}"
    rotated = api.send("POST", f"{path}/rotate-secret", {"overlapSeconds": 3600}).body
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert api.get(path).body["previousSecretUntil"]
    wrong = api.send("POST", f"{path}/rotate-secret", {"overlapSeconds": 10**9, "secret": "x"})
    assert wrong.status == 422
    assert wrong.faults.keys() == {"overlapSeconds"}
    assert api.send("POST", f"{path}/rotate-secret", {"secret": "x"}).faults.keys() == {"secret"}
    api.patch(path, signing="none", signingSettings={})
    refused = api.send("POST", f"{path}/rotate-secret")
    assert (refused.status, refused.body["code"]) == (409, "NO_SECRET")


@pytest.mark.network
def test_a_test_goes_out_and_comes_back_with_its_attempt(api: Client, site: Site) -> None:
    with HostileApi(answers(200), answers(500)) as server:
        subscription = saved(site, url=server.url("/hooks"))
        path = f"{BASE}/{subscription.public_id}/test"
        sent = api.send("POST", path, {"eventType": "contact.created"})
        again = api.send("POST", path, {"eventId": sent.body["eventId"]})
    assert (sent.status, sent.body["status"], sent.body["trigger"]) == (200, "succeeded", "test")
    (attempt,) = sent.body["attempts"]
    assert attempt["statusCode"] == 200
    assert "contact.created" in attempt["requestBody"]["text"]
    assert (again.status, again.body["status"]) == (200, "failed")
    assert sent.body["triggeredBy"] == "API key Shop"


def test_a_test_needs_one_event_that_there_is(api: Client, site: Site) -> None:
    path = f"{BASE}/{saved(site).public_id}/test"
    other = delivery(saved(SiteFactory.create()))
    for body, names in (
        ({}, {""}),
        ({"eventType": "contact.created", "eventId": str(other.event_id)}, {""}),
        ({"eventId": str(other.event_id)}, {"eventId"}),
        ({"eventId": "x"}, {"eventId"}),
        ({"eventType": "no.such"}, {"eventType"}),
    ):
        answer = api.send("POST", path, body)
        assert (answer.status, set(answer.faults)) == (422, names)
    assert not Delivery.objects.filter(trigger="test").exists()


def test_tests_are_limited(api: Client, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_actions, "test_throttle", Throttle(lambda: 0.0))
    path = f"{BASE}/{saved(site, url='https://127.0.0.1:1024/').public_id}/test"
    answers_ = [api.send("POST", path, {"eventType": "contact.created"}) for _ in range(3)]
    assert [each.status for each in answers_] == [200, 200, 429]
    assert int(answers_[-1].headers["Retry-After"]) >= 1


def test_a_list_goes_from_page_to_page_and_back(api: Client, site: Site) -> None:
    names = [f"Receiver {number}" for number in range(5)]
    for name in names:
        saved(site, name=name)
    saved(SiteFactory.create(), name="Of others")
    first = api.get(f"{BASE}?limit=2").body
    seen = [each["name"] for each in first["results"]]
    assert first["links"]["prev"] is None
    page = first
    while page["links"]["next"]:
        page = api.get(page["links"]["next"]).body
        seen += [each["name"] for each in page["results"]]
    assert seen == names[::-1]
    back = api.get(api.get(first["links"]["next"]).body["links"]["prev"]).body
    assert back["results"] == first["results"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=201", "after=x", "before=-1"])
def test_a_page_that_there_cannot_be_is_refused(api: Client, query: str) -> None:
    answer = api.get(f"{BASE}?{query}")
    assert (answer.status, set(answer.faults)) == (422, {query.partition("=")[0]})


def test_a_list_costs_the_same_for_any_number(api: Client, site: Site) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in range(3):
        saved(site, name=f"Receiver {number}")
        api.get(BASE)
        with CaptureQueriesContext(connection) as captured:
            api.get(BASE)
        counts.append(len(captured))
    assert len(set(counts)) == 1


def test_the_same_key_once_more_gets_the_same_secret(api: Client) -> None:
    first = api.send("POST", BASE, NEW, idempotency_key="make-shop")
    again = api.send("POST", BASE, NEW, idempotency_key="make-shop")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Subscription.objects.count() == 1
    other = api.send("POST", BASE, NEW | {"name": "Two"}, idempotency_key="make-shop")
    assert (other.status, other.body["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    bad = api.send("POST", BASE, NEW, idempotency_key="with space")
    assert (bad.status, bad.body["code"]) == (400, "BAD_IDEMPOTENCY_KEY")


def test_what_failed_may_be_tried_again_under_its_key(api: Client) -> None:
    assert api.send("POST", BASE, NEW | {"name": ""}, idempotency_key="make-shop").status == 422
    assert api.send("POST", BASE, NEW, idempotency_key="make-shop").status == 201


def test_reading_and_writing_are_scopes_of_their_own(api: Client) -> None:
    path = f"{BASE}/{create(api)['id']}"
    api.key.scopes = [Scope.MANAGEMENT_READ]
    api.key.save()
    assert api.get(path).status == 200
    for method, address in (("PATCH", path), ("POST", BASE), ("POST", f"{path}/pause")):
        answer = api.send(method, address, {})
        assert (answer.status, answer.body["code"]) == (403, "SCOPE_MISSING")
    api.key.scopes = [Scope.MANAGEMENT_WRITE, Scope.CONTACTS_READ]
    api.key.save()
    assert api.get(path).status == 403
    assert api.send("POST", f"{path}/pause").status == 200
