"""Bodies that nobody would send on purpose: answered below 500 in both contexts."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sites.models import ApiKey, Site
from tests.webhooks.custom_events import FLAT, erp_event, post, send, worked_off
from webhooks.models import ReceivedEvent, ReceptionEvent, Source

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = ("email", "name", "phone", "points", "amount", "vip", "last-visit", "tier", "interests")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
BYTES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())

many = hypothesis_settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def webhook(site: Site) -> ReceptionEvent:
    return erp_event(site)


def nested(value: Any) -> bytes:
    """Return the value where pointers of the webhook look."""
    return json.dumps(
        {
            "data": {
                "customer": {"contacts": [0, {"value": value}], "phones": value, "loyalty": value}
            }
        }
    ).encode()


@many
@given(BYTES | JSON.map(nested))
def test_a_webhook_answers_whatever_comes(webhook: ReceptionEvent, body: bytes) -> None:
    assert post(webhook, body).status_code in (201, 400, 422)


@many
@given(BYTES | st.dictionaries(st.sampled_from(FIELDS), JSON).map(json.dumps).map(str.encode))
def test_the_public_api_answers_whatever_comes(
    event: ReceptionEvent, key: ApiKey, body: bytes
) -> None:
    answer = send(event, key, body, query={"createContact": "true"})
    # Under 500, and never by the rate that so many examples may reach.
    assert answer.status_code in (201, 400, 422)


@many
@given(st.dictionaries(st.sampled_from(FIELDS[1:]), JSON))
def test_what_a_webhook_accepts_is_processed(
    webhook: ReceptionEvent, values: dict[str, Any]
) -> None:
    body = json.loads(nested("john.doe@example.org"))
    body["data"]["customer"] |= values
    if post(webhook, body).status_code == 201:
        worked_off()
    assert not ReceivedEvent.objects.exclude(status="processed").exists()


def test_a_damaged_definition_shuts_no_other_event(
    event: ReceptionEvent, webhook: ReceptionEvent, key: ApiKey, caplog: pytest.LogCaptureFixture
) -> None:
    Source.objects.filter(pk=webhook.source_id).update(settings={"alias": 1})
    with caplog.at_level(logging.ERROR):
        assert send(event, key, FLAT, query={"createContact": "true"}).status_code == 201
    assert post(webhook, FLAT).status_code == 404
    assert webhook.event_id in caplog.text
