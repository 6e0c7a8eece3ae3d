from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.generic_api.authentication import (
    NotAuthentic,
    SignedRequest,
    authenticate,
    verify,
    worked_example,
)
from integrations.models import GenericApi

NOW = datetime.fromtimestamp(1614265330, UTC)
SECRET = "onsite-test-secret"
URL = "https://api.example.com/api/contacts"
LOOKUP = URL + "?email=jane%40example.com"
BODY = b'{"email":"jane@example.com","redeal":"NewFriend"}'

MODES: dict[str, dict[str, Any]] = {
    "header": {"auth_mode": "header", "header_name": "X-Onsite-Token", "header_value": SECRET},
    "api_key": {"auth_mode": "api_key", "api_key_value": SECRET},
    "api_key_query": {
        "auth_mode": "api_key",
        "api_key_name": "api_key",
        "api_key_place": "query",
        "api_key_value": SECRET,
    },
    "body": {"auth_mode": "hmac", "hmac_secret": SECRET},
    "request": {"auth_mode": "hmac", "hmac_secret": SECRET, "hmac_signs": "request"},
    "timestamp": {"auth_mode": "hmac", "hmac_secret": SECRET, "hmac_signs": "timestamp"},
}
CALLS = {"GET": (LOOKUP, b""), "POST": (URL, BODY)}
# What is signed, and the method, to the signature in hex and base64.
VECTORS = {
    ("body", "POST"): (
        "3b675b1067e64b0308cd0ea3b35a4827ef3dee10b580b281d412acc4815f0876",
        "O2dbEGfmSwMIzQ6js1pIJ+897hC1gLKB1BKsxIFfCHY=",
    ),
    ("body", "GET"): (
        "25c7c3e0616aa4e251177859ffee83548f95abc7e61300fc9a967114ed9d0529",
        "JcfD4GFqpOJRF3hZ/+6DVI+Vq8fmEwD8mpZxFO2dBSk=",
    ),
    ("request", "POST"): (
        "88a5ca5d415c7ac18ad36e8e0f55238774df07c4060c7e934b872db6ac71eeae",
        "iKXKXUFcesGK026OD1Ujh3TfB8QGDH6TS4cttqxx7q4=",
    ),
    ("request", "GET"): (
        "4ede24d15267f433b6310bb35c4abb99c676f7082d2ed35612c48240b4a72735",
        "Tt4k0VJn9DO2MQuzXEq7mcZ29wgtLtNWEsSCQLSnJzU=",
    ),
    ("timestamp", "POST"): (
        "d2b0d01de94fceab4a31cb88d616222a56d7076afc36c30bd49a389ab63bbf56",
        "0rDQHelPzqtKMcuI1hYiKlbXB2r8NsML1Jo4mrY7v1Y=",
    ),
    ("timestamp", "GET"): (
        "ad0b88c1b6f9a9c8e05a7358dd9535342ccf02b35c2065ed9c940155901730fb",
        "rQuIwbb5qcjgWnNY3ZU1NCzPArNcIGXtnJQBVZAXMPs=",
    ),
}


def api_of(mode: str, **settings: Any) -> GenericApi:
    return GenericApi(**(MODES[mode] | settings))


def sent(
    api: GenericApi, method: str, url: str = "", body: bytes | None = None, now: datetime = NOW
) -> SignedRequest:
    """Return what the called end sees of a call of ours."""
    default_url, default_body = CALLS.get(method, CALLS["POST"])
    body = default_body if body is None else body
    done = authenticate(api, method=method, url=url or default_url, body=body, now=now)
    parts = urlsplit(done.url)
    return SignedRequest(
        method=method, path=parts.path, query=parts.query, headers=done.headers, body=body
    )


def changed(request: SignedRequest, **values: Any) -> SignedRequest:
    kept = {name: getattr(request, name) for name in ("method", "path", "query", "headers", "body")}
    return SignedRequest(**(kept | values))


@pytest.mark.parametrize(("signs", "method"), VECTORS)
def test_vectors(signs: str, method: str) -> None:
    in_hex, in_base64 = VECTORS[signs, method]
    assert sent(api_of(signs), method).headers["X-Signature"] == in_hex
    prefixed = api_of(signs, hmac_encoding="base64", hmac_prefix="sha256=")
    assert sent(prefixed, method).headers["X-Signature"] == f"sha256={in_base64}"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("signs", ["body", "request", "timestamp"])
def test_openssl_makes_the_same_signature(signs: str, method: str, algorithm: str) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "This test asks openssl for a second opinion; install it."
    content = BODY if method == "POST" else b"email=jane%40example.com"
    signed = {
        "body": content,
        "request": b"POST\n/api/contacts\n\n" + BODY
        if method == "POST"
        else b"GET\n/api/contacts\nemail=jane%40example.com\n",
        "timestamp": b"1614265330." + content,
    }[signs]
    command = [openssl, "dgst", f"-{algorithm}", "-hmac", SECRET, "-r"]
    theirs = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    ours = sent(api_of(signs, hmac_algorithm=algorithm), method).headers["X-Signature"]
    assert ours == theirs.decode().split()[0]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize("mode", MODES)
def test_what_one_end_sends_the_other_accepts(mode: str, method: str) -> None:
    api = api_of(mode)
    verify(api, sent(api, method), NOW)


@settings(deadline=None)
@given(
    signs=st.sampled_from(["body", "request", "timestamp"]),
    algorithm=st.sampled_from(["sha256", "sha512"]),
    encoding=st.sampled_from(["hex", "base64"]),
    prefix=st.sampled_from(["", "sha256=", "HMAC ", "ABC"]),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH"]),
    secret=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=16, max_size=60),
    query=st.text("abc=&%40+", max_size=20),
    body=st.binary(max_size=200),
)
def test_every_signature_verifies_and_no_other(
    signs: str,
    algorithm: str,
    encoding: str,
    prefix: str,
    method: str,
    secret: str,
    query: str,
    body: bytes,
) -> None:
    api = api_of(
        signs,
        hmac_secret=secret,
        hmac_algorithm=algorithm,
        hmac_encoding=encoding,
        hmac_prefix=prefix,
    )
    request = sent(api, method, f"{URL}?{query}", body)
    verify(api, request, NOW)
    others = [api_of(signs, hmac_secret=secret + "x"), api_of(signs, hmac_prefix=prefix + "y")]
    spoilt = (
        changed(request, query=query + "x")
        if method == "GET"
        else changed(request, body=body + b"x")
    )
    for other_api, other_request in [(other, request) for other in others] + [(api, spoilt)]:
        with pytest.raises(NotAuthentic):
            verify(other_api, other_request, NOW)


def test_request_mode_covers_method_path_and_query() -> None:
    api = api_of("request")
    request = sent(api, "POST")
    for other in ({"method": "PUT"}, {"path": "/api/contact"}, {"query": "a=b"}):
        with pytest.raises(NotAuthentic, match="does not fit"):
            verify(api, changed(request, **other), NOW)


def test_hex_counts_without_case_and_base64_with() -> None:
    for encoding, accepted in (("hex", True), ("base64", False)):
        api = api_of("body", hmac_encoding=encoding, hmac_prefix="V1=")
        request = sent(api, "POST")
        signature = request.headers["X-Signature"]
        upper = changed(request, headers={"x-signature": "V1=" + signature[3:].upper()})
        if accepted:
            verify(api, upper, NOW)
        else:
            with pytest.raises(NotAuthentic):
                verify(api, upper, NOW)
        with pytest.raises(NotAuthentic):
            verify(api, changed(request, headers={"X-Signature": "v1=" + signature[3:]}), NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clock_within_five_minutes(seconds: int) -> None:
    api = api_of("timestamp")
    verify(api, sent(api, "POST"), NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_clock_further_away(seconds: int) -> None:
    api = api_of("timestamp")
    with pytest.raises(NotAuthentic, match="300 seconds"):
        verify(api, sent(api, "POST"), NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "text", ["", "+1614265330", "1614265330.0", "1e9", "\u0661\u0662", "0x5", "9" * 13, "-1"]
)
def test_timestamp_that_is_no_plain_number(text: str) -> None:
    api = api_of("timestamp")
    request = sent(api, "POST")
    headers = dict(request.headers) | {"X-Timestamp": text}
    with pytest.raises(NotAuthentic, match="X-Timestamp"):
        verify(api, changed(request, headers=headers), NOW)


@pytest.mark.parametrize("mode", ["header", "api_key", "body", "request", "timestamp"])
def test_header_must_come_exactly_once(mode: str) -> None:
    api = api_of(mode)
    request = sent(api, "POST")
    for name, value in request.headers.items():
        twice = changed(request, headers=dict(request.headers) | {name: f"{value},{value}"})
        with pytest.raises(NotAuthentic):
            verify(api, twice, NOW)
        without = {other: text for other, text in request.headers.items() if other != name}
        with pytest.raises(NotAuthentic, match=f"{name} is missing"):
            verify(api, changed(request, headers=without), NOW)


def test_header_names_count_without_case_and_spaces_around_values_do_not_count() -> None:
    for mode in ("header", "api_key", "body"):
        api = api_of(mode)
        request = sent(api, "POST")
        headers = {name.upper(): f" {value}\t" for name, value in request.headers.items()}
        verify(api, changed(request, headers=headers), NOW)


@pytest.mark.parametrize(
    "value", ["", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper(), "\xe5" * 18, "x" * 5_000]
)
@pytest.mark.parametrize("mode", ["header", "api_key"])
def test_other_value_is_refused(mode: str, value: str) -> None:
    api = api_of(mode)
    (name,) = sent(api, "GET").headers
    with pytest.raises(NotAuthentic) as caught:
        verify(api, changed(sent(api, "GET"), headers={name: value}), NOW)
    assert SECRET not in caught.value.cause_sentence


@pytest.mark.parametrize("secret", ["", "x" * 15, "å" * 7])
@pytest.mark.parametrize("mode", MODES)
def test_missing_or_short_secret_verifies_nothing(mode: str, secret: str) -> None:
    fields = ("header_value", "hmac_secret", "api_key_value")
    api = api_of(mode, **dict.fromkeys(fields, secret))
    request = sent(api, "POST") if secret else sent(api_of(mode), "POST")
    with pytest.raises(NotAuthentic, match="missing or shorter than 16 bytes"):
        verify(api, request, NOW)


def test_settings_stored_past_the_service_verify_nothing() -> None:
    request = sent(api_of("body"), "POST")
    for choices in ({"hmac_algorithm": "md5"}, {"hmac_encoding": "x"}, {"hmac_signs": "y"}):
        with pytest.raises(NotAuthentic):
            verify(api_of("body", **choices), request, NOW)


def test_api_key_in_the_query_is_added_last_and_encoded() -> None:
    secret = "a&b=c d/ä" * 3
    api = api_of("api_key_query", api_key_value=secret)
    done = authenticate(api, method="GET", url=LOOKUP, body=b"", now=NOW)
    assert done.url == LOOKUP + "&api_key=" + "a%26b%3Dc%20d%2F%C3%A4" * 3
    assert done.secret_query == {"api_key"}
    assert done.headers == {}
    bare = authenticate(api_of("api_key_query"), method="POST", url=URL, body=BODY, now=NOW)
    assert bare.url == f"{URL}?api_key={SECRET}"
    verify(api, sent(api, "GET"), NOW)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "email=x",
        "api_key=",
        "api_key",
        "API_KEY=" + SECRET,
        f"api_key={SECRET}&api_key={SECRET}",
        f"api_key={SECRET}&api%5Fkey={SECRET}",
        "api_key=wrong",
        "api_key=%ff%fe",
    ],
)
def test_api_key_in_the_query_must_be_there_once(query: str) -> None:
    api = api_of("api_key_query")
    with pytest.raises(NotAuthentic):
        verify(api, SignedRequest(method="GET", path="/x", query=query), NOW)


@pytest.mark.parametrize("mode", MODES)
def test_extra_headers_go_along_and_all_but_the_time_are_secret(mode: str) -> None:
    api = api_of(mode, extra_headers={"X-Gateway": "gateway-key"})
    done = authenticate(api, method="POST", url=URL, body=BODY, now=NOW)
    assert done.headers["X-Gateway"] == "gateway-key"
    assert set(done.headers) - {"X-Timestamp"} == done.secret_headers
    assert SECRET not in repr(done)
    verify(api, sent(api, "POST"), NOW)


@pytest.mark.parametrize("mode", ["header", "api_key", "body"])
def test_nothing_is_sent_without_a_secret(mode: str) -> None:
    api = api_of(mode, header_value="", hmac_secret="", api_key_value="")
    with pytest.raises(ValueError, match="has no secret"):
        authenticate(api, method="GET", url=URL, body=b"", now=NOW)


def test_url_without_a_path_is_signed_with_the_one_that_is_sent() -> None:
    api = api_of("request")
    bare = authenticate(api, method="POST", url="https://h.example", body=BODY, now=NOW)
    root = authenticate(api, method="POST", url="https://h.example/", body=BODY, now=NOW)
    assert bare.headers == root.headers


@pytest.mark.parametrize("mode", MODES)
def test_worked_example_is_what_the_client_would_send(mode: str) -> None:
    api = api_of(mode, lookup_url=URL, extra_headers={"X-Gateway": "gateway-key"})
    example = worked_example(api)
    assert SECRET not in repr(example)
    assert "gateway-key" not in repr(example)
    assert example.lookup.text.startswith("GET /api/contacts?email=jane%40example.com")
    assert example.write.text.startswith("POST /contacts")
    assert example.write.text.endswith("\n\n" + BODY.decode())
    for request in (example.lookup, example.write):
        assert all(f"\n{name}: {value}\n" in request.text for name, value in request.headers)
        assert bool(request.signed) == (api.auth_mode == "hmac")


@pytest.mark.parametrize(
    ("signs", "lookup", "write"),
    [
        ("body", "email=jane%40example.com", BODY.decode()),
        (
            "request",
            "GET\n/api/contacts\nemail=jane%40example.com\n",
            "POST\n/api/contacts\n\n" + BODY.decode(),
        ),
        (
            "timestamp",
            "1614265330.email=jane%40example.com",
            "1614265330." + BODY.decode(),
        ),
    ],
)
def test_worked_example_shows_what_is_signed(signs: str, lookup: str, write: str) -> None:
    example = worked_example(api_of(signs, lookup_url=URL, write_url=URL))
    assert (example.lookup.signed, example.write.signed) == (lookup, write)
    secret = example.secret
    again = sent(
        api_of(signs, hmac_secret=secret), "POST", now=datetime.fromtimestamp(1614265330, UTC)
    )
    assert dict(example.write.headers) == again.headers
