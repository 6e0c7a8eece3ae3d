from __future__ import annotations

import base64
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from integrations.causes import RejectionCause
from integrations.ksuid import ksuid_time
from integrations.request import InboundRequest
from integrations.verification import StandardWebhooks, VerificationFailed
from integrations.verification.secret_rules import signing_key
from integrations.verification.standard_webhooks import standard_signature
from tests.integrations.arrivals import NOW, SIGNING_SECRET, make_request

BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = "1614265330"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
SIGNED_AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()

BAD = RejectionCause.BAD_SIGNATURE
MISSING = RejectionCause.MISSING_SIGNATURE


def signed(
    *,
    identifier: str = ID,
    timestamp: str = TIMESTAMP,
    signature: str = SIGNATURE,
    family: str = "svix",
    body: bytes = BODY,
) -> InboundRequest:
    headers = {
        f"{family}-id": identifier,
        f"{family}-timestamp": timestamp,
        f"{family}-signature": signature,
    }
    return make_request(body, headers=headers)


def cause_of(request: InboundRequest, *, now: datetime = SIGNED_AT, secret: str = "") -> str:
    verifier = StandardWebhooks(secrets=[secret or SIGNING_SECRET])
    with pytest.raises(VerificationFailed) as refusal:
        verifier.verify(request, now)
    return refusal.value.cause


@pytest.mark.parametrize("family", ["svix", "webhook"])
def test_published_vector_verifies(family: str) -> None:
    StandardWebhooks(secrets=[SIGNING_SECRET]).verify(signed(family=family), SIGNED_AT)


def test_second_published_vector_has_the_same_signature() -> None:
    # Its key has 18 bytes, less than the standard asks for, so only the signature can be checked.
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    signature = standard_signature(key, b"msg_loFOjxBNrRLzqYUf", b"1731705121", body)
    assert signature == b"rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    assert signing_key("whsec_plJ3nmyCDGBKInavdOK15jsl") is None


@pytest.mark.parametrize(
    "signature",
    [
        "v1,bm90IHRoaXMgb25l v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,bm90IHRoaXMgb25l",
        "v1a,bm90IHRoaXMgb25l v2,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ],
)
def test_one_fitting_entry_is_enough(signature: str) -> None:
    StandardWebhooks(secrets=[SIGNING_SECRET]).verify(signed(signature=signature), SIGNED_AT)


@pytest.mark.parametrize(
    ("signature", "cause"),
    [
        ("", MISSING),
        ("   ", MISSING),
        ("v1", BAD),
        ("v1,", BAD),
        (",", BAD),
        ("v1,é", BAD),
        ("v1,\ud800", BAD),
        ("v1,g0hM9SsE", BAD),
        ("v1,not base64!", BAD),
        ("v1,====", BAD),
        (SIGNATURE.replace("v1,", "v1a,"), BAD),
        (SIGNATURE.replace("v1,", "v2,"), BAD),
        (SIGNATURE.replace("v1,", "V1,"), BAD),
        (SIGNATURE.replace("v1,", "v1,,"), BAD),
        (SIGNATURE.removeprefix("v1,"), BAD),
        (f"{SIGNATURE}, {SIGNATURE}", BAD),
        (f"{SIGNATURE},{SIGNATURE}", BAD),
        (f"{SIGNATURE} v1", BAD),
        (" ".join([SIGNATURE] * 33), BAD),
        (SIGNATURE + " v1," + "A" * 8192, BAD),
    ],
)
def test_malformed_or_foreign_signature_is_refused(signature: str, cause: str) -> None:
    assert cause_of(signed(signature=signature)) == cause


@pytest.mark.parametrize(
    ("timestamp", "cause"),
    [
        ("", MISSING),
        ("nan", BAD),
        ("1e9", BAD),
        ("-1614265330", BAD),
        ("+1614265330", BAD),
        ("1_614_265_330", BAD),
        ("1614265330.0", BAD),
        ("1614265330,1614265330", BAD),
        ("\uff11\uff16\uff11\uff14\uff12\uff16\uff15", BAD),
        ("²", BAD),
        ("9" * 40, BAD),
    ],
)
def test_malformed_timestamp_is_refused(timestamp: str, cause: str) -> None:
    assert cause_of(signed(timestamp=timestamp)) == cause


@pytest.mark.parametrize(
    ("identifier", "cause"),
    [("", MISSING), (f"{ID},{ID}", BAD), ("msg_é", BAD), ("m" * 300, BAD), ("msg_other", BAD)],
)
def test_malformed_or_foreign_id_is_refused(identifier: str, cause: str) -> None:
    assert cause_of(signed(identifier=identifier)) == cause


def test_joined_ids_are_refused_even_when_signed() -> None:
    key = signing_key(SIGNING_SECRET)
    assert key is not None
    joined = f"{ID},{ID}"
    signature = standard_signature(key, joined.encode(), TIMESTAMP.encode(), BODY).decode()
    assert cause_of(signed(identifier=joined, signature=f"v1,{signature}")) == BAD


@pytest.mark.parametrize("at", range(len(BODY)))
def test_any_changed_byte_of_the_body_is_refused(at: int) -> None:
    changed = BODY[:at] + bytes((BODY[at] ^ 1,)) + BODY[at + 1 :]
    assert cause_of(signed(body=changed)) == BAD


def test_no_headers_at_all_is_a_missing_signature() -> None:
    assert cause_of(make_request(BODY)) == MISSING


def test_mixture_of_both_families_is_refused() -> None:
    headers = {"svix-id": ID, "webhook-timestamp": TIMESTAMP, "webhook-signature": SIGNATURE}
    assert cause_of(make_request(BODY, headers=headers)) == BAD
    both = {**signed().headers, **signed(family="webhook").headers}
    assert cause_of(make_request(BODY, headers=both)) == BAD


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_off_is_still_taken(seconds: int) -> None:
    now = SIGNED_AT + timedelta(seconds=seconds)
    StandardWebhooks(secrets=[SIGNING_SECRET]).verify(signed(), now)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_more_than_five_minutes_off_is_stale(seconds: int) -> None:
    now = SIGNED_AT + timedelta(seconds=seconds)
    assert cause_of(signed(), now=now) == RejectionCause.STALE_TIMESTAMP


@pytest.mark.parametrize(
    "secrets", [[SIGNING_SECRET, OTHER_SECRET], [OTHER_SECRET, SIGNING_SECRET]]
)
def test_any_current_secret_verifies(secrets: list[str]) -> None:
    StandardWebhooks(secrets=secrets).verify(signed(), SIGNED_AT)


def test_removed_secret_no_longer_verifies() -> None:
    assert cause_of(signed(), secret=OTHER_SECRET) == BAD


def test_prefix_of_the_secret_is_optional() -> None:
    bare = SIGNING_SECRET.removeprefix("whsec_")
    StandardWebhooks(secrets=[bare]).verify(signed(), SIGNED_AT)


@pytest.mark.parametrize(
    "secrets",
    [[], [""], ["whsec_"], ["whsec_c2hvcnQ="], ["whsec_!!"], [None], [7], ["é" * 40]],
)
def test_missing_or_short_secret_refuses_everything(secrets: list[object]) -> None:
    verifier = StandardWebhooks(secrets=secrets)
    empty_key = standard_signature(b"", ID.encode(), TIMESTAMP.encode(), BODY).decode()
    with pytest.raises(VerificationFailed) as refusal:
        verifier.verify(signed(signature=f"v1,{empty_key}"), SIGNED_AT)
    assert refusal.value.cause == RejectionCause.SECRET_NOT_SET
    with pytest.raises(VerificationFailed):
        verifier.credentials(BODY, NOW)


def test_our_signature_is_accepted_by_the_reference_library() -> None:
    now = datetime.now(UTC)
    credentials = StandardWebhooks(secrets=[SIGNING_SECRET], family="webhook").credentials(
        BODY, now
    )
    Webhook(SIGNING_SECRET).verify(BODY, dict(credentials.headers))
    assert not credentials.reveals_secret


def test_signature_of_the_reference_library_is_accepted() -> None:
    signature = Webhook(SIGNING_SECRET).sign(msg_id="msg_1", timestamp=NOW, data=BODY.decode())
    request = signed(
        identifier="msg_1",
        timestamp=str(int(NOW.timestamp())),
        signature=signature,
        family="webhook",
    )
    StandardWebhooks(secrets=[SIGNING_SECRET]).verify(request, NOW)


def test_our_signature_equals_that_of_openssl() -> None:
    key = signing_key(SIGNING_SECRET)
    assert key is not None
    content = f"{ID}.{TIMESTAMP}.".encode() + BODY
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary"],
        input=content,
        capture_output=True,
        check=True,
    ).stdout
    ours = standard_signature(key, ID.encode(), TIMESTAMP.encode(), BODY)
    assert base64.b64encode(digest) == ours


def test_credentials_carry_the_time_in_their_id() -> None:
    headers = StandardWebhooks(secrets=[SIGNING_SECRET]).credentials(BODY, NOW).headers
    assert ksuid_time(headers["svix-id"].removeprefix("msg_")) == NOW
