"""Where the check is an API key of the site: done before the source is asked anything."""

from __future__ import annotations

from datetime import datetime

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import Credentials, VerificationFailed, Verifier


class ApiKeyAtTheDoor(Verifier):
    """For requests that come in at an address where an API key is demanded.

    Whoever asks this verifier stands at another address, where no key was looked at: it refuses.
    """

    secret_header_names = frozenset(("authorization",))

    def verify(self, request: InboundRequest, now: datetime) -> None:
        raise VerificationFailed(
            RejectionCause.SOURCE_DISABLED, "This event is sent to its own address, with a key."
        )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        # The secret of a key is not kept: nobody can make a header from what is stored.
        return Credentials()

    def describe(self) -> str:
        return "Every request needs an API key of the site that may write custom events."
