"""How a receiver can tell that a request is ours."""

from webhooks.outbound.signing.methods import Sign, Signed, SigningChoice, Unsignable, signer
from webhooks.outbound.signing.settings import new_signing_secret, signing_fields

__all__ = [
    "Sign",
    "Signed",
    "SigningChoice",
    "Unsignable",
    "new_signing_secret",
    "signer",
    "signing_fields",
]
