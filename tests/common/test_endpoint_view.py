"""Endpoints through a view of our own making: bodies of every shape, errors of one."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as InvalidModel
from django.db import OperationalError
from django.http import Http404
from django.test import Client
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.parser import MOST_BODY_BYTES
from common.endpoint.view import EndpointView

CANARY = "canary-in-the-text"

RAISED: dict[str, Exception] = {
    "not-found": Http404(CANARY),
    "not-found-said": exceptions.NotFound("No contact has this e-mail.", "CONTACT_NOT_FOUND"),
    "denied": PermissionDenied(CANARY),
    "denied-said": exceptions.PermissionDenied("Not with this key.", "SCOPE_MISSING"),
    "suspicious": SuspiciousOperation(CANARY),
    "throttled": exceptions.Throttled(7),
    "parse": exceptions.ParseError("A sentence."),
    "unauthorized": exceptions.AuthenticationFailed(CANARY),
    "invalid": exceptions.ValidationError(
        {"email": ["Not an e-mail."], "items": [{}, {"price": ["Too high."]}], "__all__": ["Odd."]}
    ),
    "invalid-list": exceptions.ValidationError(["Only this."]),
    "invalid-model": InvalidModel({"name": ["Taken."]}),
    "invalid-model-plain": InvalidModel("Not now."),
    "database": OperationalError(CANARY),
    "unforeseen": RuntimeError(CANARY),
}


class EchoView(EndpointView):
    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    def post(self, request: Request) -> Response:
        return Response({"got": request.data})


class RaisingView(EndpointView):
    permission_classes = ()

    def get_authenticate_header(self, request: Any) -> str:
        return "ApiKey"

    def get(self, request: Request, what: str) -> Response:
        raise RAISED[what]


urlpatterns = [
    path("echo", EchoView.as_view()),
    path("raise/<str:what>", RaisingView.as_view()),
]

pytestmark = pytest.mark.urls(__name__)


def post(body: bytes, content_type: str = "application/json", **headers: Any) -> Any:
    return Client().generic("POST", "/echo", body, content_type, **headers)


def post_chunked(body: bytes) -> Any:
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked"}
    return Client().generic("POST", "/echo", b"", "application/json", **environ)


def problem(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(response.content)
    assert found["status"] == response.status_code
    assert {"status", "title", "detail", "code"} <= set(found)
    assert CANARY not in response.content.decode()
    return found


# -- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=\"UTF-8\"",
     "application/vnd.api+json", "text/json", ""],
)  # fmt: skip
def test_json_is_read_however_it_is_named(content_type: str) -> None:
    response = post('{"name": "Åsa", "sum": 1.50}'.encode(), content_type)
    assert response.status_code == 200
    assert response.json() == {"got": {"name": "Åsa", "sum": 1.5}}


def test_a_chunked_body_is_read_whole() -> None:
    body = json.dumps({"text": "x" * 200_000}).encode()
    response = post_chunked(body)
    assert response.status_code == 200
    assert response.json()["got"] == json.loads(body)


def test_a_chunked_body_over_the_cap_is_refused() -> None:
    assert problem(post_chunked(b" " * (MOST_BODY_BYTES + 1)))["code"] == "TOO_LARGE"


def test_the_cap_itself_is_taken() -> None:
    body = b'"' + b"x" * (MOST_BODY_BYTES - 2) + b'"'
    assert post(body).status_code == 200
    assert problem(post(body + b" "))["code"] == "TOO_LARGE"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EMPTY_BODY"),
        (b" ", 400, "BAD_JSON"),
        (b"[" * 100_000, 400, "BAD_JSON"),
        (b'{"a":' * 2_000, 400, "BAD_JSON"),
        (b'{"a": NaN}', 400, "BAD_JSON"),
        (b'{"a": 1e999}', 400, "BAD_JSON"),
        (b'{"a": "\\u0000"}', 400, "BAD_JSON"),
        (b'{"a": "\\ud800"}', 400, "BAD_JSON"),
        (b'{"a": 1, "a": 2}', 400, "BAD_JSON"),
        (b'{"a": ' + b"9" * 4_301 + b"}", 400, "BAD_JSON"),
        (b'\xef\xbb\xbf{"a": 1}', 400, "BAD_JSON"),
        ('{"a": 1}'.encode("utf-16"), 400, "BAD_JSON"),
        (b'{"a": "\xff"}', 400, "BAD_JSON"),
    ],
)
def test_hostile_json_is_refused_with_a_sentence(body: bytes, status: int, code: str) -> None:
    response = post(body)
    assert (response.status_code, problem(response)["code"]) == (status, code)
    assert problem(response)["detail"].strip()


@pytest.mark.parametrize(
    ("content_type", "headers", "code"),
    [
        ("application/json; charset=utf-7", {}, "UNSUPPORTED_ENCODING"),
        ("application/json", {"HTTP_CONTENT_ENCODING": "gzip"}, "UNSUPPORTED_ENCODING"),
        ("text/plain", {}, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data; boundary=x", {}, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/x-www-form-urlencoded", {}, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_other_types_and_encodings_are_415(
    content_type: str, headers: dict[str, str], code: str
) -> None:
    response = post(b'{"a": 1}', content_type, **headers)
    assert (response.status_code, problem(response)["code"]) == (415, code)


@pytest.mark.parametrize("length", ["-1", "+8", "0x8", "8_0", "1" * 16, "٨"])
def test_a_length_is_plain_digits(length: str) -> None:
    response = post(b'{"a": 1}', CONTENT_LENGTH=length)
    assert (response.status_code, problem(response)["code"]) == (400, "INCOMPLETE_BODY")


def test_half_a_body_is_refused() -> None:
    environ: dict[str, Any] = {"CONTENT_LENGTH": "20", "wsgi.input": io.BytesIO(b'{"a": 1}')}
    response = post(b"", **environ)
    assert (response.status_code, problem(response)["code"]) == (400, "INCOMPLETE_BODY")


@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.text(alphabet='{}[]",:\\u0dD8-+.eE19 \n', max_size=200).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    content_type=st.sampled_from(["application/json", "", "text/plain", "a/b+json", ";;charset=x"])
    | st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20),
    is_chunked=st.booleans(),
)
def test_no_body_is_a_failure_of_ours(body: bytes, content_type: str, is_chunked: bool) -> None:
    environ: dict[str, Any] = {"CONTENT_TYPE": content_type}
    if is_chunked:
        environ |= {"wsgi.input": io.BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked"}
    response = post(b"" if is_chunked else body, **environ)
    assert response.status_code < 500
    if response.status_code >= 400:
        problem(response)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("not-found", 404, "NOT_FOUND"),
        ("not-found-said", 404, "CONTACT_NOT_FOUND"),
        ("denied", 403, "PERMISSION_DENIED"),
        ("denied-said", 403, "SCOPE_MISSING"),
        ("suspicious", 400, "BAD_REQUEST"),
        ("throttled", 429, "THROTTLED"),
        ("parse", 400, "PARSE_ERROR"),
        ("invalid", 422, "INVALID"),
        ("invalid-list", 422, "INVALID"),
        ("invalid-model", 422, "INVALID"),
        ("invalid-model-plain", 422, "INVALID"),
        ("database", 503, "UNAVAILABLE"),
        ("unforeseen", 500, "INTERNAL_ERROR"),
    ],
)
def test_every_exception_is_a_problem(what: str, status: int, code: str) -> None:
    response = Client().get(f"/raise/{what}")
    assert (response.status_code, problem(response)["code"]) == (status, code)


def test_a_missing_row_answers_as_an_unknown_address() -> None:
    assert problem(Client().get("/raise/not-found"))["detail"] == (
        "There is nothing at this address. Check the URL."
    )


def test_what_is_wrong_with_values_is_listed_by_path() -> None:
    found = problem(Client().get("/raise/invalid"))["validationErrors"]
    assert found == [
        {"path": "email", "reason": "Not an e-mail."},
        {"path": "items.1.price", "reason": "Too high."},
        {"path": "", "reason": "Odd."},
    ]
    found = problem(Client().get("/raise/invalid-model"))["validationErrors"]
    assert found == [{"path": "name", "reason": "Taken."}]


def test_401_has_no_body() -> None:
    response = Client().get("/raise/unauthorized")
    assert (response.status_code, response.content) == (401, b"")
    assert "Content-Type" not in response.headers
    assert response["WWW-Authenticate"] == "ApiKey"


@pytest.mark.parametrize(("what", "seconds"), [("throttled", "7"), ("database", "5")])
def test_who_should_come_again_is_told_when(what: str, seconds: str) -> None:
    response = Client().get(f"/raise/{what}")
    assert response["Retry-After"] == seconds
    assert problem(response)["detail"].endswith("again later.")


def test_our_own_failure_is_logged_by_kind_and_place(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Client().get("/raise/unforeseen")
    assert "RaisingView failed: RuntimeError at get:" in caplog.text
    assert CANARY not in caplog.text


def test_bad_requests_write_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(b"")
    assert caplog.text == ""


def test_other_methods_say_what_is_allowed() -> None:
    response = Client().delete("/echo")
    assert (response.status_code, problem(response)["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(response["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    response = Client().options("/echo")
    assert (response.status_code, response.content) == (204, b"")
    assert "POST" in response["Allow"]


def test_an_answer_that_cannot_be_given_is_406() -> None:
    response = Client().get("/echo", headers={"accept": "text/html"})
    assert (response.status_code, problem(response)["code"]) == (406, "NOT_ACCEPTABLE")
