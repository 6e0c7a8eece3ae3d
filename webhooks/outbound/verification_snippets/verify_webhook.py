"""Verifies a webhook that is signed by Standard Webhooks. Needs nothing but Python."""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Mapping

TOLERANCE_SECONDS = 5 * 60


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether the request is authentic and recent.

    `secret` is the signing secret as it was shown (`whsec_…`), `headers` have names in lower case
    (`webhook-…`, or `svix-…` if the subscription says so), `body` is exactly what came in.
    """
    message_id = headers.get("webhook-id", headers.get("svix-id", ""))
    timestamp = headers.get("webhook-timestamp", headers.get("svix-timestamp", ""))
    signatures = headers.get("webhook-signature", headers.get("svix-signature", ""))
    if not (message_id and signatures and re.fullmatch("[0-9]{1,12}", timestamp)):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = hmac.digest(key, signed, "sha256")
    # While a secret is rotated, there are two signatures: one of them has to fit.
    return any(_fits(expected, entry) for entry in signatures.split(" "))


def _fits(expected: bytes, entry: str) -> bool:
    version, _, encoded = entry.partition(",")
    try:
        return version == "v1" and hmac.compare_digest(expected, base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        return False
