"""Quirks of Ongage that the samples do not show."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.contact_change import Channel, EmailStatus
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.presets.ongage.preset import Ongage
from integrations.request import PresetConfig, RefusedBody
from tests.integrations.arrivals import NOW, TOKEN, make_request

ONGAGE = Ongage()
CONFIG = PresetConfig()
ROW = {"email": "email1@example.com", "list_id": 9997, "status": "hard", "esp_name": "Amazon SES"}
AS_DOCUMENTED = Path(__file__).parent.parent / "payloads" / "ongage_invalid_as_documented.txt"


def parsed(document: Any, **request: Any) -> list[InboundEvent]:
    return ONGAGE.parse(make_request(json.dumps(document).encode(), **request), CONFIG)


def row_event(**keys: Any) -> InboundEvent:
    [event] = parsed([{**ROW, **keys}])
    return event


def test_documented_invalid_sample_is_refused_with_line_and_column() -> None:
    request = make_request(AS_DOCUMENTED.read_bytes())
    with pytest.raises(RefusedBody) as refusal:
        ONGAGE.identify(request, CONFIG)
    assert refusal.value.cause == "BAD_JSON"
    assert "line 18, column 7" in refusal.value.detail
    with pytest.raises(UnreadablePayload):
        ONGAGE.parse(request, CONFIG)


@pytest.mark.parametrize("body", [b'"x"', b"5", b"null", b"true"])
def test_body_that_is_neither_list_nor_object_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedBody) as refusal:
        ONGAGE.identify(make_request(body), CONFIG)
    assert refusal.value.cause == "BAD_BODY"


def test_empty_list_is_fine() -> None:
    assert ONGAGE.identify(make_request(b"[]"), CONFIG).event_type == "batch"
    assert parsed([]) == []


def test_single_object_is_a_batch_of_one() -> None:
    assert parsed(ROW) == parsed([ROW])


@pytest.mark.parametrize(
    ("status", "preferences", "email_status", "cause"),
    [
        ("soft", {}, None, ""),
        ("hard", {}, EmailStatus.BOUNCED, "hard_bounce"),
        ("unsubscribe", {Channel.EMAIL: False}, None, "unsubscribe"),
        ("complaint", {Channel.EMAIL: False}, None, "complaint"),
    ],
)
def test_effect_of_each_status(
    status: str, preferences: Any, email_status: EmailStatus | None, cause: str
) -> None:
    change = row_event(status=status).change
    assert change is not None
    assert change.email_list is not None
    assert (change.email_list.kind, change.email_list.list_id) == (status, "9997")
    assert change.email_list.esp_name == "Amazon SES"
    assert (change.preferences, change.email_status, change.cause) == (
        preferences,
        email_status,
        cause,
    )


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"status": "bounced"}, "“bounced”"),
        ({"status": "Hard"}, "“Hard”"),
        ({"status": None}, "status"),
        ({"email": "not-an-address"}, "address"),
        ({"email": "a@b@example.com"}, "address"),
        ({"email": "a b@example.com"}, "address"),
        ({"email": "a@example"}, "address"),
        ({"email": None}, "address"),
        ({"email": ["a@example.com"]}, "address"),
        ({"email": "x" * 250 + "@example.com"}, "address"),
        ({"list_id": None}, "list_id"),
        ({"list_id": "list one"}, "list_id"),
        ({"list_id": 1.5}, "list_id"),
        ({"list_id": True}, "list_id"),
        ({"list_id": -1}, "list_id"),
    ],
)
def test_bad_row_is_set_aside_with_its_reason(keys: dict[str, Any], word: str) -> None:
    event = row_event(**keys)
    assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "BAD_ROW")
    assert word in event.reason
    if isinstance(keys.get("email"), str):
        assert keys["email"][:5] not in event.reason, "viewers read reasons and no addresses"


@pytest.mark.parametrize("row", [None, "email7@example.com", 5, [], True])
def test_row_that_is_no_object_does_not_stop_the_others(row: Any) -> None:
    bad, good = parsed([row, ROW])
    assert bad.disposition is Disposition.QUARANTINED
    assert good.disposition is Disposition.ACCEPTED


def test_list_id_may_be_numeric_text_and_extra_keys_are_fine() -> None:
    told, plain = row_event(list_id="9997", campaign="spring"), row_event()
    assert told.change == plain.change
    assert told.data["campaign"] == "spring", "whoever passes the row on has all of it"


def test_same_fact_keeps_its_key_in_any_batch_and_case() -> None:
    [first] = parsed([ROW])
    _, later = parsed(
        [{**ROW, "status": "soft"}, {**ROW, "email": "EMAIL1@example.com"}],
        received_at=NOW + timedelta(days=2),
    )
    assert first.change is not None
    assert later.change is not None
    assert first.change.activities[0].key == later.change.activities[0].key
    assert "example" not in first.change.activities[0].key


def test_soft_bounces_are_counted_one_by_one_but_not_again_on_replay() -> None:
    soft = {**ROW, "status": "soft"}

    def keys(**request: Any) -> list[str]:
        changes = [event.change for event in parsed([soft, soft], **request)]
        return [change.activities[0].key for change in changes if change is not None]

    assert len(set(keys())) == 2
    assert keys() == keys()
    assert not set(keys()) & set(keys(received_at=NOW + timedelta(minutes=10)))


def test_repeat_is_an_equal_body_for_a_day() -> None:
    one, same, other = (
        ONGAGE.identify(make_request(body), CONFIG).dedupe_key
        for body in (b'[{"a": 1}]', b'[{"a": 1}]', b'[{"a":1}]')
    )
    assert one == same != other
    assert ONGAGE.dedupe_window == timedelta(hours=24)


def test_large_batches_are_taken() -> None:
    assert ONGAGE.max_body_bytes == 8 * 1024 * 1024
    assert len(parsed([ROW] * 5_000)) == 5_000


@pytest.mark.parametrize(
    ("settings", "secrets", "wrong"),
    [
        ({}, {"tokens": TOKEN}, set()),
        ({"verification": "token_query"}, {}, {"tokens"}),
        ({"verification": "basic", "basic_username": "o"}, {"basic_password": "x" * 8}, set()),
        (
            {"verification": "basic"},
            {"basic_password": "short"},
            {"basic_username", "basic_password"},
        ),
        ({"verification": "ip_list"}, {}, {"allowed_networks"}),
        ({"verification": "ip_list", "allowed_networks": "192.0.2.0/24"}, {}, set()),
        ({"verification": "none"}, {}, {"unsigned_reason"}),
        ({"verification": "none", "unsigned_reason": "Test."}, {}, set()),
        ({"verification": "hmac"}, {}, {"verification"}),
    ],
)
def test_offered_checks(settings: dict[str, Any], secrets: dict[str, Any], wrong: set[str]) -> None:
    _, errors = ONGAGE.clean(PresetConfig(settings=settings, secrets=secrets))
    assert set(errors) == wrong
