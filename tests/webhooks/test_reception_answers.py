"""What a sender sees: one table of requests and answers."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.webhooks.reception import Sender, engage_body, engage_source
from webhooks.models import ReceivedEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sender() -> Sender:
    return Sender(engage_source())


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_signed_event_is_stored_and_answered_in_both_slash_forms(
    sender: Sender, slash: str
) -> None:
    body = engage_body()
    response = sender.post(body, path=f"/in/{sender.source.public_id}{slash}")

    assert response.status_code == 200
    stored = ReceivedEvent.objects.get()
    assert json.loads(response.content) == {"id": str(stored.id)}
    assert bytes(stored.body or b"") == body
    assert stored.body_bytes == len(body)
    assert (stored.site_id, stored.source_id) == (sender.source.site_id, sender.source.pk)
    assert stored.event_type == "contact.updated"
    assert stored.event_id == "event-1"
    assert stored.status == "received"
    assert stored.due_at == stored.received_at
    assert stored.history == []


def test_a_repeat_gets_the_first_answer_and_stores_nothing(sender: Sender) -> None:
    body = engage_body()
    headers = sender.signed_headers(body)

    first, second = sender.post(body, headers), sender.post(body, headers)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert ReceivedEvent.objects.count() == 1


def test_a_body_with_odd_spacing_and_escapes_verifies_over_its_raw_bytes(sender: Sender) -> None:
    body = b'{ "eventType" :"contact.updated",\n"payload":{"email":"andr\\u00e9@example.com"} }'
    assert sender.post(body).status_code == 200
    assert bytes(ReceivedEvent.objects.get().body or b"") == body
