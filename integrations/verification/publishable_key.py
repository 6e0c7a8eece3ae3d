"""Where a publishable key and an origin are asked for, before the source is asked anything."""

from __future__ import annotations

from datetime import datetime

from integrations.causes import RejectionCause
from integrations.request import InboundRequest
from integrations.verification.base import Credentials, VerificationFailed, Verifier


class PublishableKeyAtTheDoor(Verifier):
    """For events of pages and apps: the key names the site, and proves nothing about the sender.

    Whoever asks this verifier stands at another address, where no key was looked at: it refuses.
    """

    def verify(self, request: InboundRequest, now: datetime) -> None:
        raise VerificationFailed(
            RejectionCause.SOURCE_DISABLED,
            "This event is sent to the address of its site's pages and apps.",
        )

    def credentials(self, body: bytes, now: datetime) -> Credentials:
        # Which of the site's keys a page uses is not the event's to know.
        return Credentials()

    def describe(self) -> str:
        return (
            "Every request names a publishable key of the site and comes from a page or app that "
            "the key is for. Whoever reads the page can send the same."
        )
