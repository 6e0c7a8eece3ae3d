from __future__ import annotations

import base64
import subprocess

import pytest

from integrations.causes import RejectionCause
from integrations.verification import Hmac, VerificationFailed
from tests.integrations.arrivals import NOW, make_request

SECRET = "onsite-test-secret-of-26-b"
OTHER = "a second secret of 26 bytes"
BODY = b'{"email":"jane@example.com","redeal":"NewFriend"}'
BAD = RejectionCause.BAD_SIGNATURE


def openssl_digest(algorithm: str) -> bytes:
    command = ["openssl", "dgst", f"-{algorithm}", "-hmac", SECRET, "-binary"]
    return subprocess.run(command, input=BODY, capture_output=True, check=True).stdout


def cause_of(verifier: Hmac, signature: str | None) -> str:
    headers = {} if signature is None else {"x-signature": signature}
    with pytest.raises(VerificationFailed) as refusal:
        verifier.verify(make_request(BODY, headers=headers), NOW)
    return refusal.value.cause


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_signature_of_openssl_is_accepted(algorithm: str, encoding: str, prefix: str) -> None:
    digest = openssl_digest(algorithm)
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    verifier = Hmac(
        secrets=[SECRET],
        header="X-Signature",
        algorithm=algorithm,
        encoding=encoding,
        prefix=prefix,
    )
    verifier.verify(make_request(BODY, headers={"x-signature": prefix + text}), NOW)
    assert verifier.credentials(BODY, NOW).headers == {"x-signature": prefix + text}


def test_hex_is_compared_without_case() -> None:
    verifier = Hmac(secrets=[SECRET], header="X-Signature", prefix="Sha=")
    signature = f"Sha={openssl_digest('sha256').hex().upper()}"
    verifier.verify(make_request(BODY, headers={"x-signature": signature}), NOW)


@pytest.mark.parametrize(
    ("signature", "cause"),
    [
        (None, RejectionCause.MISSING_SIGNATURE),
        ("", RejectionCause.MISSING_SIGNATURE),
        ("é", BAD),
        ("\udc80", BAD),
        ("00" * 32, BAD),
        ("zz", BAD),
        ("a" * 10_000, BAD),
        ("{good},{good}", BAD),
        ("{good}00", BAD),
        ("sha256={good}", BAD),
    ],
)
def test_malformed_or_foreign_signature_is_refused(signature: str | None, cause: str) -> None:
    good = openssl_digest("sha256").hex()
    given = None if signature is None else signature.replace("{good}", good)
    assert cause_of(Hmac(secrets=[SECRET], header="X-Signature"), given) == cause


def test_any_current_secret_verifies() -> None:
    signature = openssl_digest("sha256").hex()
    request = make_request(BODY, headers={"x-signature": signature})
    Hmac(secrets=[OTHER, SECRET], header="X-Signature").verify(request, NOW)
    assert cause_of(Hmac(secrets=[OTHER], header="X-Signature"), signature) == BAD


@pytest.mark.parametrize("secrets", [[], [""], ["x" * 23], [None]])
def test_missing_or_short_secret_refuses_everything(secrets: list[object]) -> None:
    verifier = Hmac(secrets=secrets, header="X-Signature")
    assert cause_of(verifier, "00" * 32) == RejectionCause.SECRET_NOT_SET
    with pytest.raises(VerificationFailed):
        verifier.credentials(BODY, NOW)


def test_unknown_algorithm_refuses_everything() -> None:
    verifier = Hmac(secrets=[SECRET], header="X-Signature", algorithm="md2")
    assert cause_of(verifier, "00" * 32) == RejectionCause.SECRET_NOT_SET
