"""An installation in which everything exists that the examples of the schema name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from automation.models import Segment
from config.reception_first import ReceptionFirst
from contacts.models import Contact
from integrations.models import GenericApi
from integrations.preset import Sample
from integrations.registry import preset_for
from integrations.sample_request import build_sample_request
from sites.heartbeats import beat
from sites.models import ApiKey, ProcessKind, PublishableKey, Site
from tests.api.loyalty import Loyalty
from tests.api.outbound import Outbound
from tests.automation.segments.made import computed, segment
from tests.automation.segments.made import field as where
from tests.contacts.changes import apply
from tests.factories import (
    API_KEY_SECRET,
    ApiKeyFactory,
    ConsentDefinitionFactory,
    ContactFieldFactory,
    PublishableKeyFactory,
    ReceptionEventFactory,
    SourceFactory,
)
from tests.webhooks.custom_events import documented_event
from tests.webhooks.reception import SIGNING_SECRET
from webhooks.models import Context, ReceptionEvent, ReceptionField, Source

JOHN = "john.doe@example.org"
ORIGIN = "https://shop.example.com"
SERVED_SECRET = "the secret of the served API"
_UNCHECKED = {"verification": "none", "unsigned_reason": "A test."}
_SOURCES: Mapping[str, Mapping[str, Any]] = {
    "voyado_engage": {"secrets": {"signing_secrets": [SIGNING_SECRET]}},
    "webengage": {
        "settings": {"license_code": "~47b665a0"},
        "secrets": {"secret_key": "webengage-secret-of-a-test"},
    },
    "ongage": {"settings": _UNCHECKED},
    "generic_json": {"settings": _UNCHECKED},
}

application = ReceptionFirst(WSGIHandler())


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]


@dataclass(slots=True)
class Installation:
    """A site, its keys and one thing of each kind; `request` adds what an operation needs."""

    site: Site
    key: ApiKey = field(init=False)
    publishable_key: PublishableKey = field(init=False)
    api_event: ReceptionEvent = field(init=False)
    webhook_event: ReceptionEvent = field(init=False)
    app_event: ReceptionEvent = field(init=False)
    sources: dict[str, Source] = field(init=False)
    jane: Contact = field(init=False)
    outbound: Outbound = field(init=False)
    loyalty: Loyalty = field(init=False)
    segment: Segment = field(init=False)

    def __post_init__(self) -> None:
        self.key = ApiKeyFactory.create(site=self.site)
        self.publishable_key = PublishableKeyFactory.create(site=self.site, allows_apps=True)
        self.api_event = documented_event(self.site)
        self.webhook_event = documented_event(
            self.site, Context.WEBHOOK, alias="webhook-event-example"
        )
        self.app_event = ReceptionEventFactory.create(
            site=self.site, context=Context.APP, fields=[_text_field("name")]
        )
        self.sources = {
            preset: SourceFactory.create(site=self.site, preset_key=preset, **values)
            for preset, values in _SOURCES.items()
        }
        GenericApi.objects.create(
            site=self.site, is_served=True, auth_mode="api_key", api_key_value=SERVED_SECRET
        )
        for process in (ProcessKind.WORKER, ProcessKind.QCLUSTER):
            beat(process)
        ContactFieldFactory.create(site=self.site, field_id="favourite-shop")
        ContactFieldFactory.create(site=self.site, field_id="unused")
        ConsentDefinitionFactory.create(site=self.site, consent_id="memberTerms")
        apply(self.site, {"email": JOHN, "external_id": "4711"})
        apply(self.site, {"email": "jane@example.com"})
        self.jane = Contact.objects.get(site=self.site, email="jane@example.com")
        self.outbound = Outbound(self.sources["generic_json"])
        self.loyalty = Loyalty(self.jane)
        self.segment = segment(self.site, where("email", "is_set"))
        computed(self.segment)

    def path_values(self, path: str) -> dict[str, str]:
        """Return what stands for the names in an address of the schema."""
        alias = self.webhook_event.alias if "/webhooks/" in path else self.api_event.alias
        return {
            "alias": alias,
            "event_id": self.api_event.event_id,
            "site_id": str(self.site.public_id),
            "public_id": self.sources["generic_json"].public_id,
            "name": "4711" if "external-id" in path else JOHN,
            "field_id": "unused",
            "contact_id": str(self.jane.pk),
            **self.outbound.path_values(path),
            **self.loyalty.path_values(),
            "segment_id": str(self.segment.pk),
            "preference": "acceptsSms",
        }

    def query(self, path: str) -> dict[str, str]:
        return {"key": self.publishable_key.key} if path.startswith("/app/") else {}

    def headers(self, path: str) -> dict[str, str]:
        """Return the credentials for an address of the schema."""
        if path.startswith("/generic/"):
            return {"X-Api-Key": SERVED_SECRET}
        if path.startswith("/app/"):
            return {"Origin": ORIGIN}
        if path.startswith(("/in/", "/webhooks/", "/livez", "/readyz", "/api/", "/sdk/")):
            return self._key_header() if path.startswith("/api/v") else {}
        return self._key_header()

    def _key_header(self) -> dict[str, str]:
        return {"Authorization": f"ApiKey {self.key.key_id}:{API_KEY_SECRET}"}

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send to an address of the schema; credentials come along unless `headers` are given."""
        names = self.path_values(path) | dict(values or {})
        address = path.format(**{name: quote(value, safe="") for name, value in names.items()})
        asked = self.query(path) | dict(query or {})
        if asked:
            address += "?" + "&".join(f"{name}={quote(value)}" for name, value in asked.items())
        given = self.headers(path) if headers is None else dict(headers)
        return reply_to(method.upper(), address, body, content_type, given)

    def send_sample(self, preset_key: str, media_type: str) -> Reply:
        """Post the first sample of a preset to its source, as its vendor would."""
        source = self.sources[preset_key]
        built = build_sample_request(
            preset=preset_for(preset_key),
            config=source.config,
            sample=_sample(preset_key, media_type),
            url=f"/in/{source.public_id}",
            now=datetime.now(UTC),
        )
        return reply_to("POST", built.url, built.body, media_type, built.headers)


def reply_to(
    method: str, address: str, body: bytes, content_type: str, headers: Mapping[str, str]
) -> Reply:
    """Return what the WSGI application of the web process answers."""
    named = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    environ = RequestFactory().generic(method, address, body, content_type, headers=named).environ
    environ |= {"wsgi.input": BytesIO(body)}
    if "Content-Length" in named:
        environ["CONTENT_LENGTH"] = named["Content-Length"]
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, given: list[tuple[str, str]]) -> None:
        started.append((status, given))

    content = b"".join(application(environ, start_response))
    ((status, given),) = started
    return Reply(int(status[:3]), dict(given), content)


def _sample(preset_key: str, media_type: str) -> Sample:
    samples = preset_for(preset_key).samples()
    return next(each for each in samples if each.content_type == media_type)


def _text_field(field_id: str) -> ReceptionField:
    return ReceptionField(field_id=field_id, name=field_id, type="text")
