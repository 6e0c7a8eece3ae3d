"""Deliveries that wait for a worker, and what must be true once it is done with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from benchmarks.receiver import Arrival
from sites.models import Site
from webhooks.outbound.models import Delivery, Event, Subscription, SubscriptionHour
from webhooks.outbound.publishing import NewEvent, events_publish
from webhooks.outbound.signing import new_signing_secret

EVENT_TYPE: Final = "contact.updated"
_DELIVERIES_AT_ONCE: Final = 2_000
_PAYLOAD: Final[dict[str, Any]] = {
    "contactId": "515c1b2a-7124-4bb9-826b-aedbbe5da8c4",
    "email": "john.doe@example.com",
    "firstName": "John",
    "lastName": "Doe",
    "mobilePhone": "+46701234567",
    "street": "Storgatan 1",
    "postalCode": "11122",
    "city": "Stockholm",
    "countryCode": "SE",
    "customAttributes": {f"attribute{number}": "value" * 4 for number in range(18)},
}
BODY: Final = json.dumps({"type": EVENT_TYPE, "data": _PAYLOAD}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Fleet:
    """The subscriptions of one site; each event goes to all of them.

    The receivers of `dead` URLs never answer, and nothing is waited for there.
    """

    site: Site
    urls: Sequence[str]
    dead: frozenset[str] = frozenset()

    def publish(self, deliveries: int) -> None:
        """Store events until that many deliveries wait, or a few more."""
        left = -(-deliveries // len(self.urls))
        at_once = max(_DELIVERIES_AT_ONCE // len(self.urls), 1)
        while left > 0:
            with transaction.atomic():
                events_publish([self._event() for _ in range(min(left, at_once))])
            left -= at_once

    def expected(self) -> int:
        """Return how many deliveries are to succeed."""
        return Event.objects.filter(site=self.site).count() * (len(self.urls) - len(self.dead))

    def succeeded(self) -> int:
        """Return how many have, as recorded; cheap, and asked all the time."""
        hours = SubscriptionHour.objects.filter(subscription__site=self.site)
        return hours.aggregate(total=Sum("succeeded"))["total"] or 0

    def end(self) -> None:
        """Let nothing of this fleet take part in what is measured next."""
        Subscription.objects.filter(site=self.site).update(
            state="paused", updated_at=timezone.now()
        )

    def problems(self, arrivals: Iterable[Arrival], *, is_whole: bool = True) -> list[str]:
        """Return what is wrong: a message that came twice, or did not, or that nobody sent.

        `is_whole` is False where only a part was to be delivered: then exactly what is recorded as
        delivered must have arrived.
        """
        dead = {_path(url) for url in self.dead}
        came = Counter(each[:2] for each in arrivals if each.path not in dead)
        rows = Delivery.objects.filter(site=self.site)
        if not is_whole:
            rows = rows.filter(status="succeeded")
        wanted = {
            (_path(url), message_id)
            for url, message_id in rows.values_list("subscription__url", "event__message_id")
            if url not in self.dead
        }
        twice = sum(count > 1 for count in came.values())
        found = [
            ("ARRIVED MORE THAN ONCE", twice),
            ("DID NOT ARRIVE", len(wanted - came.keys())),
            ("ARRIVED ALTHOUGH NOBODY SENT THEM", len(came.keys() - wanted)),
        ]
        return [f"{count:,} {what}" for what, count in found if count]

    def _event(self) -> NewEvent:
        return NewEvent(
            site_id=self.site.pk,
            type=EVENT_TYPE,
            payload=_PAYLOAD,
            occurred_at=datetime.now(UTC),
        )


def subscribe(name: str, urls: Sequence[str], *, dead: Sequence[str] = ()) -> Fleet:
    site = Site.objects.create(slug=name, name=name)
    for number, url in enumerate((*urls, *dead)):
        values: dict[str, Any] = {
            "name": f"{name} {number}",
            "url": url,
            "format_key": "standard_webhooks",
            "event_types": [EVENT_TYPE],
            "secrets": {"signing": new_signing_secret()},
        }
        Subscription.objects.create(site=site, **values)
    return Fleet(site, (*urls, *dead), frozenset(dead))


def _path(url: str) -> str:
    return urlsplit(url).path
