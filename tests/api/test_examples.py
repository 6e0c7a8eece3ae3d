"""Every example of the schema is true: requests succeed, and errors come word for word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from config.api.generator import public_schema
from tests.api.conftest import forget_failures
from tests.api.installation import Installation, Reply
from webhooks.inbound.reception import directory

DOCUMENT: Final[dict[str, Any]] = json.loads(json.dumps(public_schema()))
FORMAT_CHECKER: Final = FormatChecker()
_PROBLEM: Final = "application/problem+json"


def validate(body: Any, schema: dict[str, Any]) -> None:
    # References lead to the components: they stand beside the schema here.
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, format_checker=FORMAT_CHECKER).validate(body)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def request_examples() -> Iterator[Any]:
    for path, method, operation in operations():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            for name, example in content["examples"].items():
                yield pytest.param(
                    path, method, media_type, name, example["value"],
                    id=f"{operation['operationId']}-{media_type.rpartition('/')[2]}-{name}",
                )  # fmt: skip


def answer_examples(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield the case, its schema and the example."""
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            for name, example in content.get("examples", {}).items():
                yield f"{status}-{name}", content["schema"], example["value"]
            assert media_type != _PROBLEM or content["examples"]


@pytest.mark.parametrize(("path", "method", "media_type", "name", "value"), [*request_examples()])
def test_an_example_request_succeeds_as_described(
    installation: Installation, path: str, method: str, media_type: str, name: str, value: Any
) -> None:
    operation = DOCUMENT["paths"][path][method]
    if path.startswith("/in/"):
        reply = installation.send_sample(name, media_type)
    else:
        if path.startswith("/app/"):
            value = _with_event(value, installation.app_event.event_id)
        body = value if isinstance(value, str) else json.dumps(value)
        reply = installation.send(
            method, path, body.encode(), content_type=media_type, query=_examples_in(operation)
        )
        if media_type == "application/json":
            validate(value, operation["requestBody"]["content"][media_type]["schema"])
    _is_described(reply, operation)
    assert 200 <= reply.status < 300, reply.content


@pytest.mark.parametrize(
    ("path", "method"),
    [
        pytest.param(path, method, id=operation["operationId"])
        for path, method, operation in operations()
        if "requestBody" not in operation
    ],
)
def test_a_request_without_a_body_succeeds_as_described(
    installation: Installation, path: str, method: str
) -> None:
    operation = DOCUMENT["paths"][path][method]
    query = {"email": "jane@example.com"} if path.startswith("/generic/") else {}
    accept = {"Accept": "text/html"} if path == "/api/docs" else {}
    headers = installation.headers(path) | accept
    reply = installation.send(method, path, headers=headers, query=query)
    _is_described(reply, operation)
    assert 200 <= reply.status < 300, reply.content


@pytest.mark.parametrize(
    "operation", [pytest.param(each, id=each["operationId"]) for _, _, each in operations()]
)
def test_the_examples_of_answers_fit_their_schemas(operation: dict[str, Any]) -> None:
    for case, schema, value in answer_examples(operation):
        try:
            validate(value, schema)
        except ValidationError as error:
            error.add_note(f"in the example {case}")
            raise


def _is_described(reply: Reply, operation: dict[str, Any]) -> None:
    response = operation["responses"][str(reply.status)]
    if not (content := response.get("content")):
        assert reply.content == b""
        return
    schema = content[reply.media_type]["schema"]
    if reply.media_type.endswith("json"):
        validate(reply.body, schema)


def _examples_in(operation: dict[str, Any]) -> dict[str, str]:
    given = operation.get("parameters", ())
    return {each["name"]: each["example"] for each in given if each["in"] == "query"}


def _with_event(value: Any, event_id: str) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    document = json.loads(text)
    for event in document["events"]:
        event["eventId"] = event_id
    return json.dumps(document) if isinstance(value, str) else document


# -- errors ---------------------------------------------------------------------------------------

# What can be sent wrong alike wherever such an error is described: body, type, header, query.
_WRONG: Final[dict[str, dict[str, Any]]] = {
    "EMPTY_BODY": {"body": b""},
    "INCOMPLETE_BODY": {"headers": {"Content-Length": "99"}},
    "BAD_JSON": {"body": b"{"},
    "NO_OBJECT": {"body": b"[]"},
    "TOO_LARGE": {"body": b" " * (1024 * 1024 + 1)},
    "UNSUPPORTED_ENCODING": {"headers": {"Content-Encoding": "gzip"}},
    "UNSUPPORTED_MEDIA_TYPE": {"content_type": "application/pdf"},
    "NOT_ACCEPTABLE": {"headers": {"Accept": "image/png"}},
    "BAD_PARAMETER": {"query": {"createContact": "perhaps"}},
    "E0501": {"body": b'{"email": "nobody@example.org"}'},
    "BAD_IDEMPOTENCY_KEY": {"headers": {"Idempotency-Key": ""}},
    "NO_LOOKUP_KEY": {},
    "NO_IDENTITY": {"body": b"{}"},
    "KEY_NOT_ACCEPTED": {"headers": {"Origin": "https://other.example.com"}},
    "TOO_MANY_EVENTS": {"body": json.dumps({"events": [{}] * 101}).encode()},
    "NO_EVENT_ACCEPTED": {
        "body": json.dumps({"events": [{"type": "custom", "eventId": "0" * 24}]}).encode()
    },
}
_SCOPED: Final = "SCOPE_MISSING"


def problem_examples(
    path: str, operation: dict[str, Any]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield status, code and body; what changes the key comes last."""
    found = [
        (int(status), code, example["value"])
        for status, response in operation["responses"].items()
        for code, example in response.get("content", {})
        .get(_PROBLEM, {})
        .get("examples", {})
        .items()
        if code in {*_WRONG, _SCOPED} and not (code == "BAD_JSON" and path.startswith("/in/"))
    ]
    yield from sorted(found, key=lambda each: each[1] == _SCOPED)


def _problems(response: dict[str, Any]) -> dict[str, Any]:
    examples: dict[str, Any] = response.get("content", {}).get(_PROBLEM, {}).get("examples", {})
    return examples


# A whole installation is made for each test: so all errors of an operation are one.
@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [
        pytest.param(path, method, operation, id=operation["operationId"])
        for path, method, operation in operations()
        if any(problem_examples(path, operation))
    ],
)
def test_errors_come_word_for_word(
    installation: Installation, path: str, method: str, operation: dict[str, Any]
) -> None:
    for status, code, told in problem_examples(path, operation):
        if code == _SCOPED:
            installation.key.scopes = []
            installation.key.save()
            directory.invalidate()
        wrong = dict(_WRONG.get(code, {}))
        headers = installation.headers(path) | wrong.pop("headers", {})
        body = wrong.pop("body", b"{}")
        reply = installation.send(method, path, body, headers=headers, **wrong)
        if code == "BAD_JSON":
            # Which words the parser has for it depends on the version of Python.
            told["detail"] = reply.body["detail"]
        assert (reply.status, reply.body) == (status, told)
        assert reply.media_type == _PROBLEM


def test_who_shows_no_key_is_told_nothing(installation: Installation) -> None:
    for path, method, operation in operations():
        if "401" not in operation["responses"] or path.startswith(("/in/", "/webhooks/")):
            continue
        forget_failures()
        headers = {"Authorization": "ApiKey key_x:y", "X-Api-Key": "wrong"}
        reply = installation.send(method, path, b"{}", headers=headers)
        assert (reply.status, reply.content) == (401, b""), operation["operationId"]
        described = operation["responses"]["401"]
        assert ("WWW-Authenticate" in reply.headers) == (
            "WWW-Authenticate" in described.get("headers", {})
        )
