from __future__ import annotations

from typing import Any

import pytest

from common.admin.status_chip import Tone
from common.http import FailureKind
from integrations.generic_api.client import NOTHING_TO_ASK_BY, UNUSABLE_SETTINGS
from integrations.generic_api.verdicts import verdict_of
from integrations.models import ApiCall, GenericApi

LOOKUP: dict[str, Any] = {"direction": "sent", "operation": "lookup", "method": "GET"}
WRITE: dict[str, Any] = {"direction": "sent", "operation": "write", "method": "PUT"}


@pytest.mark.parametrize(
    ("call", "tone", "headline", "part"),
    [
        (LOOKUP | {"outcome": "found", "status_code": 200}, Tone.GOOD, "Continues", "knows"),
        (LOOKUP | {"outcome": "not_found", "status_code": 404}, Tone.GOOD, "Treated as new", "404"),
        (LOOKUP | {"outcome": "ignored", "status_code": 409}, Tone.WARNING, "Ignored", "unknown"),
        (WRITE | {"outcome": "ignored", "status_code": 409}, Tone.WARNING, "Ignored", "sent again"),
        (WRITE | {"outcome": "created", "status_code": 201}, Tone.GOOD, "Continues", "created"),
        (WRITE | {"outcome": "updated", "status_code": 200}, Tone.GOOD, "Continues", "updated"),
        (LOOKUP | {"outcome": "blocked", "status_code": 503}, Tone.BAD, "Blocked", "add 503 to"),
        (LOOKUP | {"outcome": "blocked", "status_code": 503}, Tone.BAD, "Blocked", "500-599"),
        (LOOKUP | {"outcome": "blocked", "status_code": 401}, Tone.BAD, "Blocked", "its secret"),
        (LOOKUP | {"outcome": "blocked", "status_code": 302}, Tone.BAD, "Blocked", "Get/Lookup"),
        (LOOKUP | {"outcome": "blocked", "status_code": 201}, Tone.BAD, "Blocked", "200 or 404"),
        (WRITE | {"outcome": "blocked", "status_code": 204}, Tone.BAD, "Blocked", "200 or 201"),
        (WRITE | {"outcome": "blocked", "status_code": 404}, Tone.BAD, "Blocked", "Create/Update"),
        (WRITE | {"outcome": "blocked", "status_code": 405}, Tone.BAD, "Blocked", "take PUT"),
        (WRITE | {"outcome": "blocked", "status_code": 418}, Tone.BAD, "Blocked", "add 418 to"),
        (
            LOOKUP | {"outcome": "blocked", "status_code": 200, "reason": "No JSON."},
            Tone.BAD,
            "Blocked",
            "No JSON. No setting changes that",
        ),
    ],
)
def test_what_happens_to_a_visitor(
    call: dict[str, Any], tone: Tone, headline: str, part: str
) -> None:
    verdict = verdict_of(GenericApi(), ApiCall(**call))
    assert (verdict.tone, verdict.headline) == (tone, headline)
    assert part in verdict.sentence
    assert "{" not in verdict.sentence
    assert "  " not in verdict.sentence


@pytest.mark.parametrize(
    ("failure", "part"),
    [
        ("timeout", "now 7 seconds, of which 2 to connect"),
        ("tls", "“check the certificate”"),
        ("blocked", "the administrator"),
        ("no_key", "“keys sent by the look-up”"),
        ("dns", "Check the URL"),
    ],
)
def test_failure_says_which_setting_would_change_it(failure: str, part: str) -> None:
    api = GenericApi(total_seconds=7, connect_seconds=2)
    call = ApiCall(**LOOKUP, outcome="error", failure=failure, reason="What happened.")
    verdict = verdict_of(api, call)
    assert verdict.headline == "Blocked"
    assert verdict.sentence.startswith("What happened. ")
    assert part in verdict.sentence


def test_every_kind_of_failure_has_its_remedy() -> None:
    for failure in (*FailureKind, UNUSABLE_SETTINGS, NOTHING_TO_ASK_BY):
        call = ApiCall(**WRITE, outcome="error", failure=failure, reason="What happened.")
        assert len(verdict_of(GenericApi(), call).sentence) > len("What happened. ")


def test_code_that_was_put_on_the_list_since_is_named_as_settled() -> None:
    call = ApiCall(**WRITE, outcome="blocked", status_code=503)
    verdict = verdict_of(GenericApi(ignored_codes="500-599"), call)
    assert "It is now" in verdict.sentence


def test_call_to_us_is_told_from_the_other_side() -> None:
    refused = ApiCall(
        direction="served", operation="write", outcome="error", status_code=401, reason="No key."
    )
    verdict = verdict_of(GenericApi(), refused)
    assert (verdict.tone, verdict.headline) == (Tone.BAD, "Refused")
    assert "401. No key." in verdict.sentence
    found = ApiCall(direction="served", operation="lookup", outcome="found", status_code=200)
    assert verdict_of(GenericApi(), found).headline == "Found"
