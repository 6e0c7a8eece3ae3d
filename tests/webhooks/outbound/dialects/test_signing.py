"""Signatures as others check them: the packages of both standards, openssl, and our verifiers."""

from __future__ import annotations

import base64
import dataclasses
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import standardwebhooks
import svix

from integrations.request import InboundRequest, PresetConfig
from integrations.verification import Basic, VerificationFailed
from tests.integrations.arrivals import make_request
from tests.webhooks.outbound.dialects.sending import (
    LICENSE_CODE,
    NOW,
    OLD_SECRET,
    PLAIN_SECRET,
    SECRET,
    SECRETS,
)
from webhooks.outbound.models import Signing
from webhooks.outbound.signing import (
    Signed,
    SigningChoice,
    Unsignable,
    new_signing_secret,
    signer,
    signing_fields,
)
from webhooks.outbound.signing.settings import clean_prefix, clean_signature_header

BODY: Final = '{"type":"contact.updated","data":{"city":"Malmö"}}'.encode()
# The reference vector of Svix. That of Standard Webhooks has a key of 18 bytes, too short to save.
VECTOR: Final[dict[str, Any]] = {
    "secrets": {"signing": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    "message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "body": b'{"test": 2432232314}',
    "now": datetime.fromtimestamp(1614265330, UTC),
}


def signed(method: str = "standard_webhooks", **fields: Any) -> Signed:
    values: dict[str, Any] = {
        "method": method,
        "settings": {},
        "secrets": SECRETS[method],
        "previous_until": None,
        "message_id": "msg_1",
        "body": BODY,
        "now": NOW,
    }
    values |= fields
    message_id, body, now = (values.pop(name) for name in ("message_id", "body", "now"))
    return signer(SigningChoice(**values))(message_id, body, now)


@pytest.mark.parametrize("family", ["webhook", "svix"])
def test_the_published_vector(family: str) -> None:
    made = signed(settings={"family": family}, **VECTOR)
    assert made.headers == {
        f"{family}-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        f"{family}-timestamp": "1614265330",
        f"{family}-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    ("package", "family"),
    [(standardwebhooks.Webhook, "webhook"), (svix.Webhook, "svix"), (svix.Webhook, "webhook")],
)
@pytest.mark.parametrize("rotates", [False, True])
def test_the_packages_of_the_standards_take_it_with_each_current_secret(
    package: Any, family: str, rotates: bool
) -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    made = signed(
        settings={"family": family},
        secrets={"signing": SECRET, "previous_signing": OLD_SECRET},
        previous_until=now + timedelta(hours=1) if rotates else now,
        now=now,
    )
    assert package(SECRET).verify(BODY, dict(made.headers))
    if rotates:
        assert package(OLD_SECRET).verify(BODY, dict(made.headers))
    else:
        with pytest.raises(Exception, match="No matching signature"):
            package(OLD_SECRET).verify(BODY, dict(made.headers))
    with pytest.raises(Exception, match="No matching signature"):
        package(SECRET).verify(BODY + b" ", dict(made.headers))


def by_openssl(key: str, body: bytes, folder: Path, *arguments: str) -> bytes:
    (folder / "body").write_bytes(body)
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"key:{key}", *arguments]
    done = subprocess.run([*command, str(folder / "body")], capture_output=True, check=True)
    return done.stdout


def test_openssl_makes_the_same_hmac(tmp_path: Path) -> None:
    raw = by_openssl(PLAIN_SECRET, BODY, tmp_path, "-binary")
    told = by_openssl(PLAIN_SECRET, BODY, tmp_path).decode().split()[-1]
    assert signed("hmac").headers == {"X-Signature": told}
    settings = {"encoding": "base64", "header": "X-Hub", "prefix": "sha256="}
    made = signed("hmac", settings=settings)
    assert made.headers == {"X-Hub": f"sha256={base64.b64encode(raw).decode()}"}
    assert made.secret_headers == {"x-hub"}


def test_while_a_secret_is_rotated_the_older_hmac_goes_along_under_another_name(
    tmp_path: Path,
) -> None:
    secrets = {"signing": PLAIN_SECRET, "previous_signing": "the-old-secret-of-this-one"}
    made = signed("hmac", secrets=secrets, previous_until=NOW + timedelta(seconds=1))
    assert made.headers == {
        name: by_openssl(key, BODY, tmp_path).decode().split()[-1]
        for name, key in zip(("X-Signature", "X-Signature-Previous"), secrets.values(), strict=True)
    }
    assert made.secret_headers == {name.lower() for name in made.headers}
    over = signed("hmac", secrets=secrets, previous_until=NOW)
    assert list(over.headers) == ["X-Signature"]


def test_the_secret_of_webengage_is_the_published_rule() -> None:
    made = signed(
        "webengage",
        settings={"license_code": LICENSE_CODE},
        secrets={"signing": "my-webhook-secret"},
    )
    assert made.query == (("secret", "e9665fd9c17792a85ed72d32c86c3a88"),)
    assert made.secret_query == {"secret"}
    assert not made.headers


def basic_request(user: str, password: str) -> InboundRequest:
    made = signed("basic", secrets={"user": user, "password": password})
    assert made.secret_headers == {"authorization"}
    return make_request(headers={name.lower(): value for name, value in made.headers.items()})


@pytest.mark.parametrize("user", ["patchbay", "Åke Öberg", "用户"])
def test_basic_is_utf_8_and_goes_through_our_own_check(user: str) -> None:
    password = "pässwörd: with a colon"
    request = basic_request(user, password)
    assert request.headers["authorization"].isascii()
    Basic(username=user, password=password).verify(request, NOW)
    with pytest.raises(VerificationFailed):
        Basic(username=user, password=f"{password}!").verify(request, NOW)


def test_no_signature_adds_nothing() -> None:
    made = signed("none")
    assert (made.headers, made.query) == ({}, ())


@pytest.mark.parametrize(
    ("method", "secrets"),
    [
        ("standard_webhooks", {}),
        ("standard_webhooks", {"signing": "whsec_tooshort"}),
        ("hmac", {}),
        ("webengage", {"signing": ""}),
        ("basic", {"user": "patchbay"}),
        ("basic", {"password": PLAIN_SECRET}),
    ],
)
def test_without_a_usable_secret_nothing_is_sent_unsigned(method: str, secrets: Any) -> None:
    with pytest.raises(Unsignable, match=r"\.$"):
        signed(method, secrets=secrets, settings={"license_code": LICENSE_CODE})


@pytest.mark.parametrize("method", SECRETS)
def test_a_signature_names_all_of_its_secrets_and_shows_none(method: str) -> None:
    secrets = dict(SECRETS[method])
    if "signing" in secrets:
        secrets["previous_signing"] = OLD_SECRET
    made = signed(
        method,
        settings={"license_code": LICENSE_CODE},
        secrets=secrets,
        previous_until=NOW + timedelta(hours=1),
    )
    open_names = {"webhook-id", "webhook-timestamp"}
    assert {name.lower() for name in made.headers} - open_names == made.secret_headers
    assert {name for name, _ in made.query} == made.secret_query
    shown = repr(made)
    for text in (*secrets.values(), *made.headers.values(), *(value for _, value in made.query)):
        assert text not in shown


def test_every_way_of_signing_is_known_here() -> None:
    assert set(SECRETS) == set(Signing.values)
    for method in Signing.values:
        defaults = {field.key: field.default for field in signing_fields(method) if field.default}
        assert signed(method, settings=defaults | {"license_code": LICENSE_CODE}) is not None


def test_a_new_secret_is_one_of_svix() -> None:
    first, second = new_signing_secret(), new_signing_secret()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 24
    assert svix.Webhook(first) is not None


@pytest.mark.parametrize(
    "name", ["Webhook-Signature", "svix-x", "CE-id", "content-type", "a b", "x" * 101, "Host"]
)
def test_a_signature_has_a_header_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        clean_signature_header(name)


def test_names_and_prefixes_that_senders_use() -> None:
    assert clean_signature_header("X-Hub-Signature-256") == "X-Hub-Signature-256"
    assert clean_prefix("sha256=") == "sha256="
    with pytest.raises(ValueError, match=r"\.$"):
        clean_prefix("sha256\r\n")


def test_our_verifiers_take_what_we_sign() -> None:
    from integrations.registry import preset_for

    preset = preset_for("generic_json")
    config = PresetConfig(
        settings={"verification": "hmac", "hmac_encoding": "base64", "hmac_prefix": "v0="},
        secrets={"hmac_secrets": [PLAIN_SECRET]},
    )
    made = signed("hmac", settings={"encoding": "base64", "prefix": "v0="})
    request = make_request(BODY, headers={"x-signature": made.headers["X-Signature"]})
    preset.verifier(config).verify(request, NOW)
    with pytest.raises(VerificationFailed):
        preset.verifier(config).verify(dataclasses.replace(request, body=BODY + b" "), NOW)
