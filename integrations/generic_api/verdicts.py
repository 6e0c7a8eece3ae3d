"""What a call means for a visitor, in words for people who are no programmers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.admin.status_chip import Tone
from common.http import FailureKind
from integrations.generic_api.client import NOTHING_TO_ASK_BY, UNUSABLE_SETTINGS
from integrations.generic_api.ignored_codes import is_ignored
from integrations.models import ApiCall, Direction, Operation, Outcome

if TYPE_CHECKING:
    from integrations.models import GenericApi

LIST: Final = "“Ignore HTTP response codes”"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A word or two with a tone, and the sentences that explain it."""

    tone: Tone
    headline: str
    sentence: str


def verdict_of(api: GenericApi, call: ApiCall) -> Verdict:
    """Return what happens to a visitor after this call, and when blocked, what would change that.

    The settings are looked at as they are now; none of the secrets is.
    """
    if call.direction == Direction.SERVED:
        return _served(call)
    if call.outcome == Outcome.BLOCKED:
        return _blocked(_unreadable(call) if call.status_code == 200 else _refused(api, call))
    if call.outcome == Outcome.ERROR:
        return _blocked(f"{call.reason} {_remedy(api, call)}".strip())
    return _continues(call)


def _continues(call: ApiCall) -> Verdict:
    is_lookup = call.operation == Operation.LOOKUP
    match call.outcome:
        case Outcome.FOUND:
            return Verdict(
                tone=Tone.GOOD,
                headline="Continues",
                sentence="The API knows the visitor (200). The flow goes on with what it answered.",
            )
        case Outcome.NOT_FOUND:
            return Verdict(
                tone=Tone.GOOD,
                headline="Treated as new",
                sentence="The API does not know the visitor (404), which is no error. The flow "
                "goes on with a new contact.",
            )
        case Outcome.IGNORED:
            rest = (
                "no error is logged, and the flow goes on as if the visitor were unknown."
                if is_lookup
                else "no error is logged, and the flow goes on. The API may not have taken the "
                "data; it can be sent again from the log."
            )
            return Verdict(
                tone=Tone.WARNING,
                headline="Ignored",
                sentence=f"The API answered {call.status_code}, which is on the list {LIST}: "
                + rest,
            )
    done = "created" if call.outcome == Outcome.CREATED else "updated"
    return Verdict(
        tone=Tone.GOOD,
        headline="Continues",
        sentence=f"The API {done} the contact ({call.status_code}). The flow goes on.",
    )


def _served(call: ApiCall) -> Verdict:
    if call.outcome == Outcome.ERROR:
        return Verdict(
            tone=Tone.BAD,
            headline="Refused",
            sentence=f"Onsite asked us and got the answer {call.status_code}. {call.reason} Unless "
            "Onsite has this code on its own list, its visitor was blocked.",
        )
    return Verdict(
        tone=Tone.GOOD,
        headline=Outcome(call.outcome).label,
        sentence=f"Onsite asked us and got the answer {call.status_code}. Its visitor goes on.",
    )


def _blocked(sentence: str) -> Verdict:
    return Verdict(tone=Tone.BAD, headline="Blocked", sentence=sentence)


def _unreadable(call: ApiCall) -> str:
    return (
        f"{call.reason} No setting changes that: a look-up that answers 200 must hold the contact "
        "as one JSON object. Show this to whoever runs the API, and check the URL of the look-up."
    )


def _refused(api: GenericApi, call: ApiCall) -> str:
    code = call.status_code or 0
    if is_ignored(api.ignored_codes, code):
        return (
            f"The API answered {code}, which was not on the list {LIST} then. It is now: the next "
            "visitor goes on."
        )
    listed = f"add {code} to {LIST}"
    if code >= 500:
        listed += " (or 500-599, for every failure of the API)"
    return f"The API answered {code}. {_hint(call, code)} To let visitors go on anyway, {listed}."


def _hint(call: ApiCall, code: int) -> str:
    is_lookup = call.operation == Operation.LOOKUP
    hint = _HINTS.get(code) or _HINTS_BY_HUNDRED.get(code // 100, "")
    return hint.format(
        url="Get/Lookup Contact API Endpoint URL"
        if is_lookup
        else "Create/Update Contact API Endpoint URL",
        expected="200 or 404" if is_lookup else "200 or 201",
        method=call.method,
    )


def _remedy(api: GenericApi, call: ApiCall) -> str:
    return _REMEDIES.get(call.failure, "").format(
        total=api.total_seconds, connect=api.connect_seconds
    )


_NOT_UNDERSTOOD: Final = (
    "It does not understand what we send. Compare the Key settings and the custom options with "
    "what it expects."
)
_NOT_ACCEPTED: Final = (
    "It does not accept us. Compare the method and its secret with what it expects."
)
_NOTHING_THERE: Final = "Nothing is there to take this call. Check the {url}."
_HINTS: Final = {
    400: _NOT_UNDERSTOOD,
    401: _NOT_ACCEPTED,
    403: _NOT_ACCEPTED,
    404: _NOTHING_THERE,
    405: "It does not take {method} there. Check the {url} and the method.",
    410: _NOTHING_THERE,
    415: _NOT_UNDERSTOOD,
    422: _NOT_UNDERSTOOD,
    429: "It gets more calls than it takes. Ask whoever runs it for more room.",
}
_HINTS_BY_HUNDRED: Final = {
    2: "That is no answer to this call: it must be {expected}. Tell whoever runs the API.",
    3: "It sends us elsewhere, which is not followed. Correct the {url}.",
    4: "It refused the call. Ask whoever runs it why.",
    5: "It failed. Ask whoever runs it to look into its log.",
}
_NO_CODE: Final = (
    f"Without an answer there is no code, so this cannot be put on the list {LIST}. Check the URL, "
    "and ask whoever runs the API."
)
_REMEDIES: Final[dict[str, str]] = {
    FailureKind.TIMEOUT: f"A time-out has no code, so it cannot be put on the list {LIST}. Raise "
    "“time in all” (now {total} seconds, of which {connect} to connect), or ask for a faster API.",
    FailureKind.TLS: "This has no code, so it cannot be put on the list. For a test system, “check "
    "the certificate” can be switched off; never do that for real visitors.",
    FailureKind.BLOCKED: "No setting of the site changes that; the administrator of this "
    "installation can.",
    FailureKind.DNS: _NO_CODE,
    FailureKind.REFUSED: _NO_CODE,
    FailureKind.RESET: _NO_CODE,
    FailureKind.PROTOCOL: _NO_CODE,
    NOTHING_TO_ASK_BY: "Tick more under “keys sent by the look-up”, or have the campaign collect "
    "an e-mail address or a phone number.",
    UNUSABLE_SETTINGS: "Nothing was sent.",
}
