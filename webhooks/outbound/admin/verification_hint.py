"""How a receiver checks what comes: a sentence, and a few lines that do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from webhooks.outbound.models import Signing, Subscription

_STANDARD: Final = """\
from standardwebhooks import Webhook

Webhook(SECRET).verify(body, headers)  # raises when it is not ours
"""
_SVIX: Final = """\
from svix import Webhook

Webhook(SECRET).verify(body, headers)  # raises when it is not ours
"""
_HMAC: Final = """\
import base64, hashlib, hmac

digest = hmac.new(SECRET.encode(), body, hashlib.sha256)
expected = "{prefix}" + {encoded}
given = [headers.get("{header}", ""), headers.get("{header}-Previous", "")]
assert any(hmac.compare_digest(expected, each) for each in given)
"""
_ENCODED: Final = {
    "hex": "digest.hexdigest()",
    "base64": "base64.b64encode(digest.digest()).decode()",
}
_WEBENGAGE: Final = (
    "The parameter secret in the URL is made of the licence code and the signing secret; a "
    "WebEngage source of Patchbay with the same two checks it. It says nothing of the body."
)
_BASIC: Final = (
    "Every request has the user name and the password in its Authorization header. They say "
    "nothing of the body, so the receiver should be reached by https alone."
)
_NONE: Final = (
    "Nothing tells the receiver that a request is ours. Choose a signature, or let the receiver "
    "take requests from this machine alone."
)


@dataclass(frozen=True, slots=True)
class VerificationHint:
    sentence: str
    code: str = ""


def verification_hint(subscription: Subscription) -> VerificationHint:
    """Return the hint for the signature as it is saved; the code is Python."""
    settings = subscription.signing_settings
    if subscription.signing == Signing.STANDARD_WEBHOOKS:
        family = settings.get("family") or "webhook"
        sentence = (
            f"The receiver checks {family}-signature over {family}-id, {family}-timestamp and the "
            "body as it came, before it reads any of it. Libraries do it in every language; in "
            "Python:"
        )
        return VerificationHint(sentence, _SVIX if family == "svix" else _STANDARD)
    if subscription.signing == Signing.HMAC:
        code = _HMAC.format(
            header=settings.get("header", "X-Signature"),
            prefix=settings.get("prefix", ""),
            encoded=_ENCODED["base64" if settings.get("encoding") == "base64" else "hex"],
        )
        return VerificationHint("The receiver checks the body as it came. In Python:", code)
    return VerificationHint(
        {Signing.WEBENGAGE: _WEBENGAGE, Signing.BASIC: _BASIC}.get(
            Signing(subscription.signing), _NONE
        )
    )
