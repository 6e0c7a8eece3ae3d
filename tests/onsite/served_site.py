"""A site that serves the Generic API, and Onsite calling it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from integrations.generic_api.authentication import authenticate
from integrations.models import ApiCall, Direction, GenericApi
from sites.models import Site
from tests.factories import SiteFactory

SECRET = "onsite-test-secret"
SECRETS = {"header_value": SECRET, "hmac_secret": SECRET, "api_key_value": SECRET}
OPTIONS = [
    {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat"]},
    {"key": "acceptsEmail", "label": "Mail", "type": "boolean", "stored_as": "email_preference"},
    {"key": "terms", "label": "Terms", "type": "boolean", "stored_as": "consent"},
    {"key": "visits", "label": "Visits", "type": "number"},
]


def served_api(site: Site | None = None, **fields: Any) -> GenericApi:
    """Store the settings of a site that serves; every mode has the same secret."""
    values = {"is_served": True, "auth_mode": "api_key", "custom_options": OPTIONS, **SECRETS}
    return GenericApi.objects.create(site=site or SiteFactory.create(), **(values | fields))


@dataclass(slots=True)
class Onsite:
    """Calls one site's API as Onsite would, signed by `credentials`: the site's own unless given.

    Every answer is remembered; the newest row of the log is `logged`.
    """

    api: GenericApi
    credentials: GenericApi | None = None
    client: Client = field(default_factory=Client)

    @property
    def path(self) -> str:
        return f"/generic/{self.api.site.public_id}/contacts"

    def get(self, query: Mapping[str, Any] | str = "", **options: Any) -> HttpResponse:
        text = query if isinstance(query, str) else urlencode(query, doseq=True)
        return self.call("GET", text, **options)

    def post(
        self,
        document: Any = None,
        *,
        raw: bytes | None = None,
        method: str = "POST",
        **options: Any,
    ) -> HttpResponse:
        body = json.dumps(document).encode() if raw is None else raw
        return self.call(method, body=body, **options)

    def call(
        self,
        method: str,
        query: str = "",
        *,
        body: bytes = b"",
        path: str = "",
        headers: Mapping[str, str] | None = None,
        is_signed: bool = True,
    ) -> HttpResponse:
        url = (path or self.path) + (f"?{query}" if query else "")
        given = dict(headers or {})
        if is_signed:
            signed = authenticate(
                self.credentials or self.api,
                method=method,
                url=url,
                body=body,
                now=datetime.now(UTC),
            )
            url, given = signed.url, {**signed.headers, **given}
        return self.client.generic(  # type: ignore[return-value]
            method, url, body, content_type="application/json", headers=given
        )

    @property
    def calls(self) -> list[ApiCall]:
        calls = ApiCall.objects.filter(site_id=self.api.site_id, direction=Direction.SERVED)
        return list(calls.order_by("pk"))

    @property
    def logged(self) -> ApiCall:
        return self.calls[-1]
