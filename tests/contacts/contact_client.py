"""Calls the contact API as a shop's server would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from sites.models import ApiKey, Site
from tests.factories import API_KEY_SECRET, ApiKeyFactory

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def faults(self) -> dict[str, str]:
        return {each["path"]: each["reason"] for each in self.body["validationErrors"]}


@dataclass
class ContactClient:
    """`key` is one of every scope, unless a test sets another."""

    site: Site
    key: ApiKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = ApiKeyFactory.create(site=self.site, name="Shop")

    def send(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Answer:
        """Send JSON, or `raw` bytes; `headers` as in `content_type` and `authorization`."""
        authorization = headers.pop("authorization", f"ApiKey {self.key.key_id}:{API_KEY_SECRET}")
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        response = Client(raise_request_exception=False).generic(
            method,
            path,
            content,
            content_type=headers.pop("content_type", JSON),
            headers={"Authorization": authorization, **headers} if authorization else headers,
        )
        parsed = json.loads(response.content) if response.content else None
        return Answer(response.status_code, parsed, response.headers)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def patch(self, path: str, **values: Any) -> Answer:
        return self.send("PATCH", path, values)
