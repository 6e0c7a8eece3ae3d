"""How a receiver can tell that a request is ours."""

from webhooks.outbound.signing.methods import Signed, Unsignable, sign
from webhooks.outbound.signing.settings import new_signing_secret, signing_fields

__all__ = ["Signed", "Unsignable", "new_signing_secret", "sign", "signing_fields"]
