"""What counts as overdue: only what could have gone out and did not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sites.models import Site
from tests.webhooks.delivery_log import delivery
from tests.webhooks.outbound.incidents import ago
from tests.webhooks.publishing import subscribe
from webhooks.models import DeliveryStatus
from webhooks.outbound.overdue import Overdue, overdue, stuck_leases

pytestmark = pytest.mark.django_db
LIMIT = timedelta(minutes=5)


def waiting(site: Site, status: DeliveryStatus = DeliveryStatus.PENDING, **fields: Any) -> None:
    delivery(subscribe(site, **fields), status, due_at=ago(minutes=20))


def test_due_delivery_that_nobody_tried_is_stalled(site: Site) -> None:
    assert overdue(LIMIT) == Overdue()
    subscription = subscribe(site)
    delivery(subscription, DeliveryStatus.RETRYING, due_at=ago(minutes=30))
    delivery(subscription, DeliveryStatus.PENDING, due_at=ago(minutes=20))
    found = overdue(LIMIT)
    assert found.oldest is not None
    assert found.stalled is not None
    assert found.subscriptions == 1
    assert found.oldest // timedelta(minutes=1) == found.stalled // timedelta(minutes=1) == 30


def test_slow_receiver_is_late_and_not_stalled(site: Site) -> None:
    waiting(site, last_attempt_at=ago(seconds=20))
    found = overdue(LIMIT)
    assert found.oldest is not None
    assert found.stalled is None


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (DeliveryStatus.PENDING, {"state": "paused"}),
        (DeliveryStatus.PENDING, {"state": "disabled", "state_reason": "Gone."}),
        (DeliveryStatus.PENDING, {"slowed_until": timedelta(minutes=-10)}),
        (DeliveryStatus.PENDING, {"slowed_until": timedelta(minutes=1)}),
        (DeliveryStatus.PENDING, {"strict_order": True, "failing_since": timedelta(minutes=40)}),
        (DeliveryStatus.HELD, {}),
        (DeliveryStatus.FAILED, {}),
        (DeliveryStatus.SUCCEEDED, {}),
    ],
)
def test_what_waits_for_a_reason_is_not_overdue(
    site: Site, status: DeliveryStatus, fields: dict[str, Any]
) -> None:
    # Tests are collected minutes before some of them run.
    fields = {
        name: ago(seconds=value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    waiting(site, status, **fields)
    assert overdue(LIMIT) == Overdue()


def test_site_that_is_switched_off_waits(site: Site) -> None:
    waiting(site)
    site.is_active = False
    site.save()
    assert overdue(LIMIT) == Overdue()


def test_break_that_is_over_counts_from_its_end(site: Site) -> None:
    waiting(site, slowed_until=ago(minutes=8))
    found = overdue(LIMIT)
    assert found.stalled is not None
    assert found.stalled // timedelta(minutes=1) == 8


def test_lease_left_behind_is_stuck(site: Site) -> None:
    subscription = subscribe(site)
    leased: dict[str, Any] = {"lease_owner": "worker-1", "due_at": ago(minutes=9)}
    for minutes, stuck in ((-1, 0), (1, 0), (3, 1), (60, 2)):
        delivery(
            subscription, DeliveryStatus.SENDING, lease_expires_at=ago(minutes=minutes), **leased
        )
        assert stuck_leases() == stuck
