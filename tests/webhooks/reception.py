"""A source and requests to it, for tests of reception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import ResponseHeaders
from django.test import RequestFactory

from config.reception_first import ReceptionFirst
from sites.models import Site
from tests.factories import SiteFactory, SourceFactory
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception import directory
from webhooks.models import Source

SIGNING_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def engage_body(number: int = 1) -> bytes:
    return json.dumps(
        {
            "eventId": f"event-{number}",
            "eventType": "contact.updated",
            "isEncrypted": False,
            "payload": {"contactId": f"contact-{number}", "email": f"john{number}@example.com"},
            "tenant": "acme",
        }
    ).encode()


def engage_source(**fields: Any) -> Source:
    site: Site = fields.pop("site", None) or SiteFactory.create()
    fields.setdefault("secrets", {"signing_secrets": [SIGNING_SECRET]})
    return SourceFactory.create(site=site, preset_key="voyado_engage", **fields)


@dataclass(slots=True)
class Sender:
    """Posts to one source as its vendor would, through the door that the web process has."""

    source: Source

    def signed_headers(self, body: bytes) -> dict[str, str]:
        verifier = self.source.preset.verifier(self.source.config)
        return dict(verifier.credentials(body, datetime.now(UTC)).headers)

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        path: str = "",
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> HttpResponse:
        given = self.signed_headers(body) if headers is None else headers
        address = path or f"/in/{self.source.public_id}"
        if query:
            address += "?" + urlencode(query)
        return knock("POST", address, body, content_type, given)


def knock(
    method: str, address: str, body: bytes, content_type: str, headers: Mapping[str, str]
) -> HttpResponse:
    """Return what the web process answers before Django's handler sees the request."""
    factory = RequestFactory()
    environ = factory.generic(method, address, body, content_type, headers=dict(headers)).environ
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, given: list[tuple[str, str]]) -> None:
        started.append((status, given))

    content = b"".join(ReceptionFirst(_nobody)(environ, start_response))
    ((status, given),) = started
    response = HttpResponse(content, status=int(status[:3]))
    response.headers = ResponseHeaders(dict(given))
    return response


def _nobody(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise AssertionError(f"{environ['PATH_INFO']} went past reception.")


def written_rejections() -> None:
    """Have the journal's thread write down what was refused."""
    assert journal_writer.run_chores()


def reloaded_directory() -> None:
    directory.invalidate()
