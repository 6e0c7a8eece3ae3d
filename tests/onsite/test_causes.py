"""The codes of blocked submissions are a contract: each failure has one, each one is documented."""

from __future__ import annotations

import pytest

from common.http import FailureKind
from integrations.generic_api import client
from integrations.models import ApiCall, Operation, Outcome
from onsite.flow import causes
from onsite.flow.causes import cause_of
from tests.processes.stack import ROOT

FAILURES = (*FailureKind, client.UNUSABLE_SETTINGS, client.NOTHING_TO_ASK_BY)
CODES = {
    cause_of(ApiCall(operation=operation, outcome=Outcome.ERROR, failure=failure))
    for operation in Operation
    for failure in FAILURES
} - {"WRITE_NO_KEY"}
OF_ANSWERS = [
    (Operation.LOOKUP, 401, "LOOKUP_STATUS"),
    (Operation.LOOKUP, 200, "LOOKUP_NOT_JSON"),
    (Operation.LOOKUP, 201, "LOOKUP_STATUS"),
    (Operation.WRITE, 400, "WRITE_STATUS"),
    (Operation.WRITE, 302, "WRITE_STATUS"),
]


def test_every_failure_has_a_code_of_its_own() -> None:
    assert len(CODES) == 2 * len(FAILURES) - 1


@pytest.mark.parametrize(("operation", "status", "code"), OF_ANSWERS)
def test_code_of_an_answer_that_blocks(operation: Operation, status: int, code: str) -> None:
    call = ApiCall(operation=operation, outcome=Outcome.BLOCKED, status_code=status)
    assert cause_of(call) == code


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs" / "onsite-submissions.md").read_text(encoding="utf-8")
    own = {causes.INTERRUPTED, causes.CONTACT_REJECTED, causes.SWITCHED_OFF}
    for code in CODES | {code for _, _, code in OF_ANSWERS} | own:
        assert f"`{code}`" in text
