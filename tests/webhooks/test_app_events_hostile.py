"""Requests that no page would send on purpose: answered below 500, and nothing of them is left."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from common.json import parse_json
from contacts.models import Activity
from integrations.causes import RejectionCause
from sites.models import PublishableKey, Site
from tests.webhooks.app_events import app_event, batch, field, results, send, sent, shop_key
from tests.webhooks.custom_events import documented_event, worked_off
from tests.webhooks.reception import written_rejections
from webhooks.inbound.reception.rejection_rows import most_rows
from webhooks.models import Context, ReceivedEvent, ReceptionEvent, RejectedRequest

pytestmark = pytest.mark.django_db(transaction=True)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
BYTES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())
TOP = ("entityInfo", "pageInfo", "events", "cart")
OF_EVENT = ("type", "eventId", "payload", "id", "occurredAt")
OF_ENTITY = ("trackerId", "primaryKey")
OF_PAGE = ("url", "title", "referrer")
FIELDS = ("email", "name", "phone", "points", "amount", "vip", "last-visit", "tier", "interests")

many = hypothesis_settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def some(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), JSON)


@pytest.fixture
def shop(site: Site, settings: Settings) -> PublishableKey:
    settings.APP_THROTTLE_PER_ADDRESS = 0
    return shop_key(site)


@pytest.fixture
def event(site: Site) -> ReceptionEvent:
    """An event with all nine types, and an e-mail that names the person."""
    return documented_event(site, Context.APP, alias="documented")


@pytest.fixture
def anonymous(site: Site) -> ReceptionEvent:
    return app_event(site, field("product"))


@many
@given(BYTES | some(TOP).map(json.dumps).map(str.encode))
def test_whatever_comes_is_answered(shop: PublishableKey, body: bytes) -> None:
    assert send(shop, body).status_code in (202, 400, 422)


@many
@given(some(OF_EVENT), some(OF_ENTITY) | JSON, some(OF_PAGE) | JSON, some(FIELDS))
def test_what_is_accepted_is_processed(
    shop: PublishableKey,
    event: ReceptionEvent,
    anonymous: ReceptionEvent,
    entry: dict[str, Any],
    entity: Any,
    page: Any,
    values: dict[str, Any],
) -> None:
    entries = [
        sent(anonymous) | entry,
        sent(event, {"email": "john.doe@example.org"} | values),
        sent(anonymous, {"product": values}),
    ]
    answer = send(shop, {"entityInfo": entity, "pageInfo": page, "events": entries})
    if answer.status_code != 400:
        assert answer.status_code in (202, 422)
        assert len(results(answer)) == 3
        worked_off()
    assert not ReceivedEvent.objects.exclude(status="processed").exists()


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 100_000,
        b'{"a":' * 2_000,
        b"[" * 63 + b"]" * 63,
        b"1e999",
        b"NaN",
        b"-Infinity",
        b'"\\u0000"',
        b'"\\ud800"',
        b"9" * 4_301,
        b"9." + b"9" * 200,
        b'{"a":1,"a":2}',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b'{"' + b"k" * 100_000 + b'": 1}',
        b"{" + b",".join(b'"%d":0' % number for number in range(10_001)) + b"}",
    ],
    ids=lambda value: repr(value[:16]),
)
def test_json_that_nothing_could_store_is_400(
    shop: PublishableKey, anonymous: ReceptionEvent, value: bytes
) -> None:
    body = json.dumps(batch(sent(anonymous, {"product": "@"}))).encode().replace(b'"@"', value)
    answer = send(shop, body)
    assert answer.status_code == 400
    assert json.loads(answer.content)["code"] == "BAD_JSON"
    written_rejections()
    assert not ReceivedEvent.objects.exists()
    assert not RejectedRequest.objects.exists()


def test_numbers_at_the_limit_of_their_length_stay_readable(
    shop: PublishableKey, anonymous: ReceptionEvent
) -> None:
    """What is written anew for each event must not grow beyond what is read."""
    numbers = ["1" * 97 + "e10", "1." + "1" * 95 + "e99", "0." + "0" * 97 + "1", "9" * 300, "-0.0"]
    value = f"[{','.join(numbers)}]"
    body = json.dumps(batch(sent(anonymous, {"product": "@"}))).replace('"@"', value)
    assert send(shop, body.encode()).status_code == 202
    stored = parse_json(bytes(ReceivedEvent.objects.get().body or b""))
    assert isinstance(stored, dict)
    assert stored["event"]["payload"]["product"] == parse_json(value.encode())  # type: ignore[index, call-overload]


def test_what_is_said_of_the_page_is_not_multiplied_by_its_events(
    shop: PublishableKey, anonymous: ReceptionEvent
) -> None:
    info = {"url": "https://shop.example.com/?" + "a" * 300_000, "title": "t" * 300_000, "x": "y"}
    entity = {"trackerId": "t" * 300_000, "primaryKey": "jane@example.com"}
    body = {"entityInfo": entity, "pageInfo": info, "events": [sent(anonymous)] * 100}
    assert send(shop, body).status_code == 202
    sizes = ReceivedEvent.objects.values_list("body_bytes", flat=True)
    assert len(sizes) == 100
    assert max(sizes) < 5_000


@pytest.mark.parametrize(
    "url", ["https://[", "javascript:alert(1)", "//", "?token=x", "\n", "https://é/#token=x"]
)
def test_addresses_of_pages_that_are_none(
    shop: PublishableKey, anonymous: ReceptionEvent, url: str
) -> None:
    body = batch(sent(anonymous), pageInfo={"url": url, "referrer": url, "title": "\x07"})
    assert send(shop, body).status_code == 202
    worked_off()
    assert "token=x" not in str(Activity.objects.get().properties)


def test_secrets_of_the_request_are_not_kept(
    shop: PublishableKey, anonymous: ReceptionEvent
) -> None:
    headers = {
        "Cookie": "session=geheim",
        "Authorization": "Bearer geheim",
        "Referer": "https://shop.example.com/reset?token=geheim",
    }
    path = f"/app/{shop.site.public_id}/events?key={shop.key}&token=geheim&other=geheim"
    assert send(shop, batch(sent(anonymous)), headers=headers, path=path).status_code == 202
    stored = ReceivedEvent.objects.get()
    assert "geheim" not in f"{stored.headers} {stored.query}"


def test_a_flood_of_refusals_leaves_few_rows(
    shop: PublishableKey, anonymous: ReceptionEvent
) -> None:
    body = batch(*[sent(anonymous, [])] * 100)
    for _ in range(4):
        assert send(shop, body).status_code == 422
    written_rejections()
    rows = RejectedRequest.objects.values_list("cause", flat=True)
    assert 0 < len(rows) <= max(most_rows(RejectionCause(cause)) for cause in rows)


@pytest.mark.parametrize(
    "origin",
    ["https://shop.example.com\x0b", "https://é.example", "https://shop.example.com/", "*"],
)
def test_hostile_origins_are_no_header_of_ours(
    shop: PublishableKey, anonymous: ReceptionEvent, origin: str
) -> None:
    answer = send(shop, batch(sent(anonymous)), origin=origin)
    assert answer.status_code == 403
    # One word for every page; nothing of theirs is in a header.
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert origin not in [value for name, value in answer.headers.items() if "Allow" not in name]
