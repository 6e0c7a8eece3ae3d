"""The OpenAPI `webhooks`: every event type, with an example that fits and is what we send."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from config.api.generator import public_schema
from webhooks.outbound.event_types import static_event_types

DOCUMENT: Final[dict[str, Any]] = json.loads(json.dumps(public_schema()))
SENT: Final[dict[str, Any]] = DOCUMENT["webhooks"]


def content_of(key: str) -> dict[str, Any]:
    content: dict[str, Any] = SENT[key]["post"]["requestBody"]["content"]["application/json"]
    return content


def validator(key: str) -> Draft202012Validator:
    whole = {**content_of(key)["schema"], "components": DOCUMENT["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def test_every_type_of_the_catalogue_is_there() -> None:
    assert list(SENT) == [each.key for each in static_event_types()]


@pytest.mark.parametrize("event_type", static_event_types(), ids=lambda each: each.key)
def test_an_example_fits_and_another_type_does_not(event_type: Any) -> None:
    value = content_of(event_type.key)["examples"]["example"]["value"]
    validator(event_type.key).validate(value)
    assert value["data"] == json.loads(json.dumps(event_type.example))
    assert not validator(event_type.key).is_valid(value | {"type": "other"})


def test_a_payload_without_what_is_required_does_not_fit() -> None:
    value = content_of("contact.created")["examples"]["example"]["value"]
    assert not validator("contact.created").is_valid(value | {"data": {}})
    relayed = next(key for key in SENT if key.startswith("inbound."))
    value = content_of(relayed)["examples"]["example"]["value"]
    assert not validator(relayed).is_valid(value | {"data": {}})


def test_headers_and_tag_are_described() -> None:
    tags = {each["name"] for each in DOCUMENT["tags"]}
    for item in SENT.values():
        operation = item["post"]
        assert set(operation["tags"]) <= tags
        names = [each["name"] for each in operation["parameters"]]
        assert names == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    ids = [item["post"]["operationId"] for item in SENT.values()]
    assert len(set(ids)) == len(ids)
