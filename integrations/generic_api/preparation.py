"""A call made ready: its credentials, its headers, and what of it must not be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.encryption import DecryptionFailed
from common.http import OutgoingRequest
from integrations.generic_api.authentication import Authenticated, authenticate, secret_of
from integrations.generic_api.masking import CallMask
from integrations.generic_api.visitor import VisitorData

if TYPE_CHECKING:
    from integrations.models import GenericApi

# Besides the kinds of `common.http.FailureKind`: nothing was sent.
UNUSABLE_SETTINGS: Final = "settings"
NOTHING_TO_ASK_BY: Final = "no_key"
# More than the log keeps: retailers may answer with all they have, of which little is read.
MOST_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BareRequest:
    """A call before its credentials; `url` is empty when none is set.

    A look-up `asks_for_nobody` when no value that it sends is known.
    """

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    asks_for_nobody: bool = False


class Unsent(Exception):
    """The call cannot be made. The sentence is for staff."""

    def __init__(self, failure: str, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.sentence = sentence


@sensitive_variables()
def made_ready(
    api: GenericApi, request: BareRequest, visitor: VisitorData
) -> tuple[OutgoingRequest, CallMask]:
    """Return the request as it goes out, and what to hide in its row; raises Unsent."""
    if request.asks_for_nobody:
        raise Unsent(
            NOTHING_TO_ASK_BY,
            "Nothing was asked: the visitor gave none of the values that the look-up sends.",
        )
    if not request.url:
        raise Unsent(UNUSABLE_SETTINGS, "The URL of this call is not set. Enter it.")
    try:
        done = authenticate(
            api,
            method=request.method,
            url=request.url,
            body=request.body or b"",
            now=timezone.now(),
        )
    except DecryptionFailed:
        raise Unsent(
            UNUSABLE_SETTINGS,
            "A secret of this API was encrypted with a key that this installation does not have. "
            "Enter the secret again.",
        ) from None
    except ValueError as error:
        raise Unsent(UNUSABLE_SETTINGS, str(error)) from None
    outgoing = OutgoingRequest(
        method=request.method,
        url=done.url,
        headers=_with_own_headers(done.headers, has_body=request.body is not None),
        body=request.body,
        connect_seconds=api.connect_seconds,
        total_seconds=api.total_seconds,
        verify_tls=api.verify_tls,
        most_answer_bytes=MOST_ANSWER_BYTES,
    )
    return outgoing, mask_of(api, visitor, done)


def _with_own_headers(headers: Mapping[str, str], *, has_body: bool) -> dict[str, str]:
    own = {"Accept": "application/json"}
    if has_body:
        own["Content-Type"] = "application/json"
    given = {name.lower() for name in headers}
    return {name: value for name, value in own.items() if name.lower() not in given} | dict(headers)


@sensitive_variables()
def mask_of(
    api: GenericApi, visitor: VisitorData, credentials: Authenticated | None = None
) -> CallMask:
    mask = CallMask(identity_key=api.personal_identity_key, identities=(visitor.personal_identity,))
    if credentials is None:
        return mask
    values = [credentials.headers[name] for name in credentials.secret_headers]
    return replace(
        mask,
        secret_headers=credentials.secret_headers,
        secret_query=credentials.secret_query,
        secrets=(secret_of(api), *values),
    )
