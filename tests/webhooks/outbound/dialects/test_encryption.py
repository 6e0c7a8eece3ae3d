"""Payloads that only the receiver can read, read by tools that are not ours."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.jwk import RSAKey

from integrations.presets.voyado_engage.encryption import decrypt, encrypt
from tests.webhooks.outbound.dialects.recorded_requests import ENGAGE_KEY
from tests.webhooks.outbound.dialects.sending import (
    MESSAGE_ID,
    catalogue,
    request_of,
    sent_event,
    snapshot,
)
from webhooks.outbound.building import build, is_repeatable
from webhooks.outbound.encryption import check_key, encryptor
from webhooks.outbound.encryption import is_repeatable as repeats
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.models import PayloadEncryption

KEY_HEX: Final = bytes(range(32)).hex()
PLAIN: Final = (
    b'{"contactId":"d3bdcad4-3f90-46ce-be4c-b3d800dc7979","deletionReason":"cancelled membership"}'
)
VECTOR: Final = (
    "8PHy8_T19vf4-fr7_P3-_wDyj7EqPkdQPiWs0S6bNwh6MbCd9jPfOXGx6yZ6c4UdofGWgLMq2_ukPb6fO03zx3ZNhrk9"
    "OpkB-5LfO6Er_zbRNgYwatTqDYT02R8c-hMYHGTYbJFl98L-6NsBHW4xnA"
)
PRIVATE: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


PUBLIC: Final = pem(PRIVATE.public_key())


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def by_openssl(text: str) -> bytes:
    data = decoded(text)
    command = ["openssl", "enc", "-d", "-aes-256-cbc", "-K", KEY_HEX, "-iv", data[:16].hex()]
    done = subprocess.run(command, input=data[16:], capture_output=True, check=True)
    return done.stdout


def test_the_vector_is_what_openssl_reads() -> None:
    assert by_openssl(VECTOR) == PLAIN
    assert encrypt(PLAIN, ENGAGE_KEY, bytes(range(0xF0, 0x100))) == VECTOR


@pytest.mark.parametrize("key", ["contact.deleted", "contact.updated", "reward.voucher.created"])
def test_openssl_reads_what_the_format_of_engage_sends(key: str) -> None:
    to = snapshot("engage", encryption="engage", secrets={"encryption": ENGAGE_KEY})
    event = catalogue()[key]
    body = json.loads(request_of(to, event).body or b"")
    assert body["isEncrypted"] is True
    assert by_openssl(body["payload"]) == event.payload_text.encode()


def test_every_attempt_has_the_same_bytes_and_no_two_messages_share_an_iv() -> None:
    def ivs(message_id: str, plain: bytes = PLAIN) -> tuple[str, bytes]:
        made = encryptor("engage", ENGAGE_KEY, message_id)
        assert made is not None
        return made(plain), decoded(made(plain))[:16]

    assert ivs("msg_1") == ivs("msg_1")
    assert len({ivs("msg_1")[1], ivs("msg_2")[1], ivs("msg_1", b"{}")[1]}) == 3
    to = snapshot("engage", encryption="engage", secrets={"encryption": ENGAGE_KEY})
    assert is_repeatable(to)
    assert request_of(to, catalogue()["contact.updated"]) == request_of(
        to, catalogue()["contact.updated"]
    )


@pytest.mark.parametrize(
    "text", [ENGAGE_KEY, f" {ENGAGE_KEY}\n", KEY_HEX, "0123456789abcdef0123456789abcdeF"]
)
def test_a_key_of_engage_is_taken_as_base64_hex_or_text_and_stays_what_it_became(
    text: str,
) -> None:
    stored = check_key("engage", text)
    assert check_key("engage", stored) == stored
    made = encryptor("engage", stored, MESSAGE_ID)
    assert made is not None
    assert decrypt(made(PLAIN), stored) == PLAIN


@pytest.mark.parametrize("text", ["", "short", ENGAGE_KEY[:-4]])
def test_a_key_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        check_key("engage", text)


def by_hand(token: str) -> tuple[dict[str, str], bytes]:
    """Decrypt a compact JWE as RFC 7516, 5.2 says, without a library of JOSE."""
    header, wrapped, iv, ciphertext, tag = token.split(".")
    oaep = padding.OAEP(
        mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None
    )
    key = PRIVATE.decrypt(decoded(wrapped), oaep)
    assert len(key) == 32
    assert len(decoded(iv)) == 12
    plain = AESGCM(key).decrypt(decoded(iv), decoded(ciphertext) + decoded(tag), header.encode())
    return json.loads(decoded(header)), plain


def test_a_jwe_is_read_by_hand_and_by_a_library() -> None:
    made = encryptor("jwe", check_key("jwe", PUBLIC), MESSAGE_ID)
    assert made is not None
    header, plain = by_hand(made(PLAIN))
    assert header == {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "json"}
    assert plain == PLAIN
    private = PRIVATE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    token = jwe.decrypt_compact(
        made(PLAIN), RSAKey.import_key(private), algorithms=["RSA-OAEP-256", "A256GCM"]
    )
    assert token.plaintext == PLAIN
    assert made(PLAIN) != made(PLAIN)
    assert not repeats("jwe")


@pytest.mark.parametrize(
    ("format_key", "settings", "member"),
    [
        ("engage", {}, "payload"),
        ("standard_webhooks", {}, "data"),
        ("cloudevents", {}, "data"),
        ("cloudevents", {"mode": "binary"}, ""),
    ],
)
def test_each_format_puts_the_jwe_in_the_place_of_the_payload(
    format_key: str, settings: dict[str, str], member: str
) -> None:
    event = catalogue()["contact.updated"]
    to = snapshot(format_key, settings, encryption="jwe", secrets={"encryption": PUBLIC})
    request = request_of(to, event)
    body = (request.body or b"").decode()
    token = json.loads(body)[member] if member else body
    assert by_hand(token)[1] == event.payload_text.encode()
    assert "john.doe" not in body
    if format_key == "cloudevents":
        told = (
            request.headers["Content-Type"] if not member else json.loads(body)["datacontenttype"]
        )
        assert told == "application/jose"
    assert not is_repeatable(to)


def test_what_is_no_rsa_key_is_refused_with_a_sentence() -> None:
    other = pem(ec.generate_private_key(ec.SECP256R1()).public_key())
    broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
    for text in ("", "no key", broken, other, '{"kty":"oct","k":"AAAA"}'):
        with pytest.raises(ValueError, match="no RSA public key"):
            check_key("jwe", text)


def test_private_and_short_keys_are_refused() -> None:
    private = PRIVATE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    with pytest.raises(ValueError, match="private key"):
        check_key("jwe", private)
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ValueError, match="2048 bits"):
        check_key("jwe", pem(short.public_key()))


@pytest.mark.parametrize(
    ("method", "key"), [("engage", ""), ("engage", "AAAA"), ("jwe", ""), ("jwe", "no key")]
)
def test_an_unusable_key_sends_nothing_and_says_so(method: str, key: str) -> None:
    to = snapshot("engage", encryption=method, secrets={"encryption": key})
    with pytest.raises(CannotBuild, match="key that encrypts payloads is unusable"):
        build(to, [sent_event("contact.deleted", {"contactId": "1"})], MESSAGE_ID)


@pytest.mark.parametrize(
    ("key", "method"),
    [
        (dialect.key, method)
        for dialect in formats()
        for method in ("engage", "jwe", "rot13")
        if method not in dialect.encryptions
    ],
)
def test_nothing_goes_out_in_the_clear_where_encryption_was_chosen(key: str, method: str) -> None:
    to = snapshot(key, encryption=method, secrets={"encryption": ENGAGE_KEY})
    with pytest.raises(CannotBuild, match="does not encrypt payloads in the chosen way"):
        build(to, [sent_event("contact.deleted", {"contactId": "1"})], MESSAGE_ID)


def test_formats_name_encryptions_that_there_are() -> None:
    for dialect in formats():
        assert {"none", *dialect.encryptions} <= set(PayloadEncryption.values)
