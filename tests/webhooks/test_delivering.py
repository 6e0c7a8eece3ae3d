"""The engine against a real receiver, from the published event to the recorded attempt."""

from __future__ import annotations

import pytest

from tests.webhooks.delivering import deliver, publish, receiver, statuses, subscription
from webhooks.outbound.models import Attempt, SubscriptionHour

pytestmark = [pytest.mark.django_db, pytest.mark.network]


def test_what_is_published_is_delivered_once_and_logged() -> None:
    with receiver() as there:
        to = subscription(there.url)
        made = publish(to, 5)
        assert deliver() == 5
    assert statuses(to) == ["succeeded"] * 5
    assert sorted(there.message_ids) == sorted(each.event.message_id for each in made)
    assert Attempt.objects.filter(error="", status_code=200, number=1).count() == 5
    hour = SubscriptionHour.objects.get()
    assert (hour.succeeded, hour.failed) == (5, 0)
    to.refresh_from_db()
    assert to.last_success_at is not None
