"""An incident's turns as events, published in the transaction in which they come about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webhooks.outbound.event_types.operational_events import DISABLED, FAILING, RECOVERED
from webhooks.outbound.models import Incident, Subscription
from webhooks.outbound.publishing import NewEvent, audience_of, events_publish


def failing_publish(subscription: Subscription, incident: Incident, now: datetime) -> None:
    _publish(FAILING, subscription, incident, now, {})


def disabled_publish(
    subscription: Subscription, incident: Incident, now: datetime, *, reason: str
) -> None:
    _publish(DISABLED, subscription, incident, now, {"reason": reason})


def recovered_publish(subscription: Subscription, incident: Incident, now: datetime) -> None:
    _publish(RECOVERED, subscription, incident, now, {"recoveredAt": now})


def _publish(
    event_type: str,
    subscription: Subscription,
    incident: Incident,
    now: datetime,
    more: dict[str, Any],
) -> None:
    if len(audience_of(subscription.site_id).subscriptions) < 2:
        return  # it is alone, and is not told of itself
    payload = {
        "incidentId": incident.pk,
        "subscriptionId": subscription.public_id,
        "name": subscription.name,
        "format": subscription.format_key,
        "failingSince": incident.opened_at,
        "failures": incident.failures,
        "lastError": incident.last_error or None,
        "lastStatusCode": incident.last_status_code,
        "lastSentence": incident.last_sentence,
        "at": now,
    }
    events_publish(
        [
            NewEvent(
                site_id=subscription.site_id,
                type=event_type,
                payload=payload | more,
                occurred_at=now,
                # Whom an event came from is not told of it.
                source_key=subscription.public_id,
            )
        ]
    )
