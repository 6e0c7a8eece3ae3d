"""When an incident opens and ends, and the events that tell other systems of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from sites.audit import Actor
from sites.models import Site
from tests.webhooks.outbound.incidents import REFUSED, ago, fails, failure, record, works
from tests.webhooks.publishing import subscribe, told
from webhooks.models import Delivery, Event, Incident, Subscription, SubscriptionState
from webhooks.outbound.event_types import event_type_named
from webhooks.outbound.holding.resuming import subscription_resume

pytestmark = pytest.mark.django_db

GONE = "The receiver answered 410: it is gone."


@pytest.fixture
def failing(site: Site) -> Subscription:
    return subscribe(site, name="Warehouse")


@pytest.fixture
def watcher(site: Site) -> Subscription:
    return subscribe(site, "subscription.*", name="Watcher")


def payloads(site: Site) -> list[dict[str, Any]]:
    rows = Event.objects.filter(site=site, type__startswith="subscription.").order_by("pk")
    found = []
    for row in rows:
        payload = json.loads(row.payload)
        event_type = event_type_named(site, row.type)
        assert event_type is not None
        jsonschema.validate(payload, event_type.schema)
        found.append(payload)
    return found


def enable(subscription: Subscription) -> None:
    subscription.refresh_from_db()
    subscription_resume(subscription=subscription, actor=Actor.system("tests"))


def test_third_failure_in_a_row_opens_one_incident(failing: Subscription) -> None:
    record(failing, failure(), failure())
    assert not Incident.objects.exists()
    record(failing, failure())
    record(failing, failure(sentence="It timed out.", error="timeout"))
    incident = Incident.objects.get()
    assert (incident.failures, incident.last_error, incident.last_sentence) == (
        4, "timeout", "It timed out.",
    )  # fmt: skip


def test_turns_of_an_incident_are_told_to_others_and_never_to_itself(
    site: Site, failing: Subscription, watcher: Subscription
) -> None:
    incident = fails(failing)
    record(failing, failure())
    works(failing)
    works(failing)
    assert told(watcher) == ["subscription.failing", "subscription.recovered"]
    assert told(failing) == []
    first, last = payloads(site)
    assert first["incidentId"] == last["incidentId"] == incident.pk
    assert first["subscriptionId"] == failing.public_id
    assert (first["failures"], first["lastError"], first["lastSentence"]) == (3, "refused", REFUSED)
    assert last["failures"] == 4


def test_disabling_is_told_with_its_reason(
    site: Site, failing: Subscription, watcher: Subscription
) -> None:
    record(failing, failure(disables=GONE))
    assert told(watcher) == ["subscription.failing", "subscription.disabled"]
    assert payloads(site)[1]["reason"] == GONE
    assert Incident.objects.get().has_disabled


def test_site_with_one_subscription_stores_no_event_of_it(failing: Subscription) -> None:
    fails(failing)
    works(failing)
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def test_first_success_after_enabling_ends_the_incident(
    failing: Subscription, watcher: Subscription
) -> None:
    record(failing, failure(disables=GONE))
    enable(failing)
    works(failing)
    assert Incident.objects.get().ended_at is not None
    assert told(watcher)[-1] == "subscription.recovered"


def test_trouble_after_enabling_is_an_incident_of_its_own(
    failing: Subscription, watcher: Subscription
) -> None:
    record(failing, failure(disables=GONE), at=ago(hours=2))
    enable(failing)
    record(failing, failure(disables=GONE))
    failing.refresh_from_db()
    assert failing.state == SubscriptionState.DISABLED
    old, new = Incident.objects.order_by("pk")
    assert old.ended_at is not None
    assert old.recovery_told_at is not None
    assert new.ended_at is None
    assert new.has_disabled
    assert told(watcher) == ["subscription.failing", "subscription.disabled"] * 2
