"""The codes under which a submission is blocked. Stable: the site's own code compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.http import FailureKind
from integrations.generic_api import client
from integrations.models import ApiCall, Operation, Outcome

INTERRUPTED: Final = "INTERRUPTED"
INTERRUPTED_REASON: Final = (
    "The process that worked on this submission ended before it did. Send it again."
)
CONTACT_REJECTED: Final = "CONTACT_REJECTED"
SWITCHED_OFF: Final = "SWITCHED_OFF"
SWITCHED_OFF_REASON: Final = (
    "The Generic API was switched off while this submission ran. Switch it on and send it again."
)

_STEPS: Final = {Operation.LOOKUP: "LOOKUP", Operation.WRITE: "WRITE"}
_FAILURES: Final[Mapping[str, str]] = {
    FailureKind.DNS: "DNS",
    FailureKind.REFUSED: "REFUSED",
    FailureKind.RESET: "RESET",
    FailureKind.TIMEOUT: "TIMEOUT",
    FailureKind.TLS: "TLS",
    FailureKind.BLOCKED: "ADDRESS",
    FailureKind.PROTOCOL: "PROTOCOL",
    client.UNUSABLE_SETTINGS: "SETTINGS",
    client.NOTHING_TO_ASK_BY: "NO_KEY",
}


def cause_of(call: ApiCall) -> str:
    """Return the code of a call that blocks: the step, then what went wrong in it."""
    step = _STEPS[Operation(call.operation)]
    if call.outcome == Outcome.BLOCKED:
        # An expected status that blocks all the same: its body is not the contact.
        return f"{step}_NOT_JSON" if call.status_code == 200 else f"{step}_STATUS"
    return f"{step}_{_FAILURES[call.failure]}"
