"""Received events that wait for a worker, and what must be true once it is done with them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from django.db.models import Sum

from common.identifiers import random_token
from contacts.models import Contact, EmailListStatus
from sites.models import Site
from webhooks.models import (
    EventOutcome,
    ReceivedEvent,
    Source,
    Status,
    Subscription,
    SubscriptionState,
)

_INSERTED_AT_ONCE: Final = 1_000
_TENANT: Final = "bench"


@dataclass(slots=True, kw_only=True)
class Scenario:
    """A load: `fill` stores it, `problems` says afterwards what is not as it must be.

    `rows` is what is divided by the time: events, or rows of batches.
    """

    name: str
    unit: str
    rows: int
    fill: Callable[[], None]
    problems: Callable[[], list[str]]


def created(events: int) -> Scenario:
    """Engage `contact.created`, each about another person."""
    return Scenario(
        name="contact.created, distinct people",
        unit="events",
        rows=events,
        fill=lambda: _store("voyado_engage", (_created(number) for number in range(events))),
        problems=lambda: [
            *_unprocessed(),
            *_differences("contacts", Contact.objects.count(), events),
            *_differences("outcomes", EventOutcome.objects.count(), events),
        ],
    )


def mixed(events: int) -> Scenario:
    """Engage updates and preferences of people who are known, in random order."""
    chance = random.Random(7)
    people = Contact.objects.count()
    outcomes = EventOutcome.objects.count()

    def bodies() -> Iterator[dict[str, Any]]:
        for number in range(events):
            person = chance.randrange(people)
            yield _updated(person, number) if number % 3 else _preference(person, number)

    return Scenario(
        name="updates and preferences, mixed",
        unit="events",
        rows=events,
        fill=lambda: _store("voyado_engage", bodies()),
        problems=lambda: [
            *_unprocessed(),
            *_differences("contacts", Contact.objects.count(), people),
            *_differences("new outcomes", EventOutcome.objects.count() - outcomes, events),
        ],
    )


def updated(events: int, *, name: str, first: int) -> Scenario:
    """Engage `contact.updated`, each about another person who is known, with a new street."""
    return Scenario(
        name=name,
        unit="events",
        rows=events,
        fill=lambda: _store(
            "voyado_engage", (_updated(number, first + number) for number in range(events))
        ),
        problems=_unprocessed,
    )


def ongage_batches(batches: int, rows: int, *, people: int) -> Scenario:
    """Ongage bodies of soft bounces; everyone is counted as often as they are named."""
    bodies = (
        [_bounce((batch * rows + row) % people) for row in range(rows)] for batch in range(batches)
    )

    def problems() -> list[str]:
        counted = EmailListStatus.objects.aggregate(total=Sum("soft_bounces"))["total"] or 0
        return [*_unprocessed(), *_differences("soft bounces", counted, batches * rows)]

    return Scenario(
        name=f"Ongage, {rows:,} rows a request",
        unit="rows",
        rows=batches * rows,
        fill=lambda: _store("ongage", bodies),
        problems=problems,
    )


def subscribe(count: int, event_type: str) -> None:
    for number in range(count):
        Subscription.objects.create(
            site=_site(),
            name=f"Subscription {number}",
            url="https://receiver.example.com/",
            format_key="standard_webhooks",
            event_types=[event_type] if event_type else [],
            state=SubscriptionState.PAUSED,
        )


def _site() -> Site:
    site, _ = Site.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    return site


def _store(preset_key: str, documents: Iterable[Any]) -> None:
    source, _ = Source.objects.get_or_create(site=_site(), preset_key=preset_key, name=preset_key)
    events = (_event(source, document) for document in documents)
    while some := list(islice(events, _INSERTED_AT_ONCE)):
        ReceivedEvent.objects.bulk_create(some)


def _event(source: Source, document: Any) -> ReceivedEvent:
    now = datetime.now(UTC)
    body = json.dumps(document, separators=(",", ":")).encode()
    return ReceivedEvent(
        site_id=source.site_id,
        source=source,
        dedupe_key=random_token("", 22),
        event_type="batch" if isinstance(document, list) else document["eventType"],
        received_at=now,
        due_at=now,
        headers={"content-type": "application/json"},
        body=body,
        body_bytes=len(body),
    )


def _envelope(event_type: str, number: int, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventId": f"{event_type}-{number}",
        "eventType": event_type,
        "isEncrypted": False,
        "payload": payload,
        "tenant": _TENANT,
    }


def _person(person: int) -> dict[str, Any]:
    return {
        "contactId": f"contact-{person}",
        "email": f"person{person}@example.com",
        "externalId": f"CRM-{person}",
        "firstName": "John",
        "lastName": "Doe",
        "mobilePhone": f"+4670{1_000_000 + person}",
        "street": "Storgatan 1",
        "postalCode": "11122",
        "city": "Stockholm",
        "countryCode": "SE",
        "language": "sv",
        "creationTime": "2026-03-15T10:30:15Z",
        "customAttributes": {"favouriteStore": "Stockholm", "shoeSize": "43"},
    }


def _created(person: int) -> dict[str, Any]:
    return _envelope("contact.created", person, _person(person))


def _updated(person: int, number: int) -> dict[str, Any]:
    payload = {**_person(person), "street": f"Storgatan {number}"}
    return _envelope("contact.updated", number, payload)


def _preference(person: int, number: int) -> dict[str, Any]:
    accepts = number % 2 == 0
    payload = {"contactId": f"contact-{person}", "acceptsEmail": accepts}
    return _envelope("contact.acceptsEmail.changed", number, payload)


def _bounce(person: int) -> dict[str, Any]:
    return {
        "status": "soft",
        "email": f"person{person}@example.com",
        "list_id": "4711",
        "esp_name": "Amazon SES",
    }


def _unprocessed() -> list[str]:
    left = ReceivedEvent.objects.exclude(status=Status.PROCESSED)
    return [f"{left.count():,} EVENTS WERE NOT PROCESSED"] if left.exists() else []


def _differences(what: str, found: int, expected: int) -> list[str]:
    return [f"{found:,} {what.upper()} INSTEAD OF {expected:,}"] if found != expected else []
