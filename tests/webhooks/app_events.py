"""Events of pages and apps as rows, and requests to them through the web process's door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from sites.models import PublishableKey, Site
from tests.factories import PublishableKeyFactory, ReceptionEventFactory
from tests.webhooks.reception import knock
from webhooks.models import Context, ReceptionEvent, ReceptionField

SHOP = "https://shop.example.com"
TRACKER = "tracker-1"


def shop_key(site: Site, **values: Any) -> PublishableKey:
    """Return a key for the pages of `SHOP`."""
    return PublishableKeyFactory.create(site=site, **({"allowed_origins": [SHOP]} | values))


def field(field_id: str, kind: str = "text", **values: Any) -> ReceptionField:
    return ReceptionField(field_id=field_id, name=field_id, type=kind, **values)


def app_event(site: Site, *fields: ReceptionField, **values: Any) -> ReceptionEvent:
    """Return an event of pages and apps, which needs no e-mail; one text field by default."""
    given = list(fields) or [field("product"), field("price", "decimal")]
    return ReceptionEventFactory.create(site=site, context=Context.APP, fields=given, **values)


def sent(event: ReceptionEvent, payload: Any = None, **values: Any) -> dict[str, Any]:
    """Return an entry of a request's `events`."""
    entry = {"type": "custom", "eventId": event.event_id} | values
    return entry if payload is None else entry | {"payload": payload}


def batch(*events: Any, tracker: str | None = TRACKER, email: str = "", **more: Any) -> Any:
    entity = {"trackerId": tracker, "primaryKey": email}
    known = {name: value for name, value in entity.items() if value}
    return {"entityInfo": known, "events": list(events), **more}


def send(
    key: PublishableKey,
    body: Any,
    *,
    origin: str = SHOP,
    path: str = "",
    method: str = "POST",
    content_type: str = "text/plain;charset=UTF-8",
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Send as a page of the shop does, or without an origin as an app does."""
    address = path or f"/app/{key.site.public_id}/events?key={key.key}"
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = ({"Origin": origin} if origin else {}) | dict(headers or {})
    return knock(method, address, raw, content_type, given)


def results(response: HttpResponse) -> list[dict[str, Any]]:
    """Return what became of each event."""
    found: list[dict[str, Any]] = json.loads(response.content)["events"]
    return found
