"""The closed set of verifiers. A preset composes them and can neither skip nor override one."""

from integrations.verification.api_key import ApiKeyAtTheDoor
from integrations.verification.base import Credentials, VerificationFailed, Verifier
from integrations.verification.composition import AllOf, Closed, Unsigned
from integrations.verification.hmac_signature import Hmac
from integrations.verification.network import IpList
from integrations.verification.publishable_key import PublishableKeyAtTheDoor
from integrations.verification.standard_webhooks import StandardWebhooks
from integrations.verification.tokens import Basic, SharedToken
from integrations.verification.webengage_secret import WebEngageQuerySecret

__all__ = [
    "AllOf",
    "ApiKeyAtTheDoor",
    "Basic",
    "Closed",
    "Credentials",
    "Hmac",
    "IpList",
    "PublishableKeyAtTheDoor",
    "SharedToken",
    "StandardWebhooks",
    "Unsigned",
    "VerificationFailed",
    "Verifier",
    "WebEngageQuerySecret",
]
