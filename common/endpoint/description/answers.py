from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from common.endpoint.description.schemas import JSON, JsonSchema, ref
from common.endpoint.problems import PROBLEM_TYPE, status_phrase

# Header to what it says and its type; an answer names those that it may carry.
HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "Allow": ("The methods that the address takes.", "string"),
    "Access-Control-Allow-Headers": ("The headers that a page may set.", "string"),
    "Access-Control-Allow-Methods": ("The methods that a page may use.", "string"),
    "Access-Control-Allow-Origin": ("The origin of the page, or `*` for every one.", "string"),
    "Access-Control-Expose-Headers": ("The headers that a page may read.", "string"),
    "Access-Control-Max-Age": ("For how many seconds a browser need not ask again.", "integer"),
    "ETag": ("Changes with the content.", "string"),
    "Idempotency-Replayed": ("There when the first answer is given once more.", "string"),
    "Location": ("The address of what was made.", "string"),
    "Retry-After": ("Seconds to wait.", "integer"),
    "Vary": ("The header on which the answer depends.", "string"),
    "WWW-Authenticate": ("The scheme to use.", "string"),
    "X-RateLimit-Limit": ("Requests in a minute.", "integer"),
    "X-RateLimit-Remaining": ("How many are left in the minute that runs.", "integer"),
    "X-RateLimit-Reset": ("When all are there again, in seconds since 1970.", "integer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way to be answered that is no problem, or one without a body."""

    status: int
    description: str
    schema: JsonSchema | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = JSON
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error: its code, when it happens, and what an answer's `detail` says then.

    `schema` names the shape when it is not the common one; `members` are its other members, as in
    an example. `other_codes` are told in the same way. Without a code the answer has none.
    """

    status: int
    code: str
    when: str
    detail: str
    other_codes: Sequence[str] = ()
    headers: Sequence[str] = ()
    schema: str = "Problem"
    title: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def example(self) -> dict[str, Any]:
        body = {
            "status": self.status,
            "title": self.title or status_phrase(self.status),
            "detail": self.detail,
        }
        return body | ({"code": self.code} if self.code else {}) | dict(self.members)


def responses(answers: Iterable[Answer | Problem]) -> dict[str, Any]:
    """Return the responses object; what has the same status is one response."""
    ordered = sorted(answers, key=lambda each: each.status)
    return {
        str(status): _response(list(alike))
        for status, alike in groupby(ordered, key=lambda each: each.status)
    }


def _response(alike: Sequence[Answer | Problem]) -> dict[str, Any]:
    problems = [each for each in alike if isinstance(each, Problem)]
    answers = [each for each in alike if isinstance(each, Answer)]
    content = {
        each.media_type: {"schema": each.schema, **_examples(each.examples)}
        for each in answers
        if each.schema is not None
    }
    if problems:
        content[PROBLEM_TYPE] = _problem_content(problems)
    names = sorted({name for each in alike for name in each.headers})
    sentences = [each.description for each in answers]
    sentences += [f"`{each.code}`: {each.when}" if each.code else each.when for each in problems]
    response: dict[str, Any] = {"description": "\n\n".join(sentences)}
    if names:
        response["headers"] = {name: _header(name) for name in names}
    return response | ({"content": content} if content else {})


def _problem_content(problems: Sequence[Problem]) -> dict[str, Any]:
    shapes: dict[str, list[Problem]] = {}
    for each in problems:
        shapes.setdefault(each.schema, []).append(each)
    narrowed = [_narrowed(name, alike) for name, alike in shapes.items()]
    examples = {each.code or str(each.status): each.example for each in problems}
    schema = narrowed[0] if len(narrowed) == 1 else {"anyOf": narrowed}
    return {"schema": schema, **_examples(examples)}


def _narrowed(name: str, alike: Sequence[Problem]) -> JsonSchema:
    """Return the shape with the status and the codes that this response may have."""
    properties: dict[str, Any] = {"status": {"const": alike[0].status}}
    codes = {code for each in alike for code in (each.code, *each.other_codes) if code}
    if codes:
        properties["code"] = {"enum": sorted(codes)}
    return {"allOf": [ref(name), {"type": "object", "properties": properties}]}


def _examples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"examples": {name: {"value": each} for name, each in values.items()}} if values else {}


def _header(name: str) -> dict[str, Any]:
    description, kind = HEADERS[name]
    return {"description": description, "schema": {"type": kind}}
