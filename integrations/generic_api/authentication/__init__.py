"""Authentication in the modes Header, HMAC and API Key, as the caller and as the called.

The vendor publishes neither header names nor what is signed; all of it is a setting.
"""

from integrations.generic_api.authentication.sending import (
    MODE_SECRETS,
    Authenticated,
    authenticate,
    secret_of,
    url_with_query,
)
from integrations.generic_api.authentication.signed_text import SignedRequest
from integrations.generic_api.authentication.verifying import (
    MIN_SERVED_SECRET_BYTES,
    NotAuthentic,
    verify,
)
from integrations.generic_api.authentication.worked_example import (
    ExampleRequest,
    WorkedExample,
    worked_example,
)

__all__ = [
    "MIN_SERVED_SECRET_BYTES",
    "MODE_SECRETS",
    "Authenticated",
    "ExampleRequest",
    "NotAuthentic",
    "SignedRequest",
    "WorkedExample",
    "authenticate",
    "secret_of",
    "url_with_query",
    "verify",
    "worked_example",
]
