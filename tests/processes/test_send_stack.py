"""The whole product: what a vendor posts in is processed, and goes out signed to who subscribed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from sites.models import ProcessKind
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from tests.webhooks.delivering import Got, Receiver, receiver, subscription
from tests.webhooks.reception import engage_body, engage_source
from webhooks.models import ReceivedEvent, Source, Status
from webhooks.outbound.models import Attempt, Delivery, Event

pytestmark = [
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.django_db(transaction=True),
]

PEOPLE = 12


def post(url: str, source: Source, number: int) -> str:
    """Post an event as its vendor does; return its id."""
    body = engage_body(number)
    verifier = source.preset.verifier(source.config)
    headers = dict(verifier.credentials(body, datetime.now(UTC)).headers)
    answer = requests.post(f"{url}/in/{source.public_id}", data=body, headers=headers, timeout=30)
    assert answer.status_code == 200
    return str(answer.json()["id"])


def verified(got: Got, secret: str) -> dict[str, Any]:
    """Return the body of a request whose signature holds, by the standard's own package."""
    message: dict[str, Any] = Webhook(secret).verify(got.body, got.headers)
    return message


def wait_for_all(there: Receiver, count: int) -> None:
    eventually(lambda: len(there.got) >= count, what=f"{count} arrived")


def test_an_event_goes_from_one_system_to_another(start_stack: StartStack) -> None:
    source = engage_source()
    with receiver() as there, receiver() as raw:
        to = subscription(there.url, site=source.site, event_types=["contact.created"])
        copies = subscription(
            raw.url,
            site=source.site,
            event_types=["inbound.voyado_engage.*"],
            format_key="raw_request",
            signing="none",
        )
        stack = start_stack()
        posted = {post(stack.url, source, number) for number in range(PEOPLE)}
        wait_for_all(there, PEOPLE)
        wait_for_all(raw, PEOPLE)
        delivered = Delivery.objects.filter(status="succeeded")
        eventually(lambda: delivered.count() == 2 * PEOPLE, what="all ends are recorded")
        assert stack.pids(ProcessKind.WORKER)
        assert stack.stop() == 0
    assert set(ReceivedEvent.objects.values_list("status", flat=True)) == {Status.PROCESSED}

    secret = to.secrets["signing"]
    messages = {got.message_id: verified(got, secret) for got in there.got}
    assert {each["type"] for each in messages.values()} == {"contact.created"}
    emails = {each["data"]["email"] for each in messages.values()}
    assert emails == {f"john{number}@example.com" for number in range(PEOPLE)}
    assert len(there.got) == len(messages) == PEOPLE

    # Relayed byte by byte, and from each delivery a way leads back to what came in.
    assert sorted(got.body for got in raw.got) == sorted(map(engage_body, range(PEOPLE)))
    assert json.loads(raw.got[0].body)["eventType"] == "contact.updated"
    causes = Event.objects.filter(deliveries__subscription=copies)
    assert {str(each) for each in causes.values_list("received_event_id", flat=True)} == posted
    assert list(Attempt.objects.values_list("number", "status_code").distinct()) == [(1, 200)]
