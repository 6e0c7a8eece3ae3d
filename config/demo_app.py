"""The pages of the demo's shop: a publishable key, an event, and what visitors looked at."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings

from integrations.custom_integrations.services import integration_save
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from sites.publishable_keys.page_code import events_url, key_to_show
from sites.publishable_keys.services import publishable_key_create
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.models import Context, ReceivedEvent, ReceptionEvent, ReceptionField

INTEGRATION: Final = "Shop pages"
ALIAS: Final = "product-viewed"
# Where development servers of pages usually listen; browsers name the port in the origin.
ORIGINS: Final = ("http://localhost", *(f"http://localhost:{port}" for port in (3000, 5173, 8080)))
TIMEOUT_SECONDS: Final = 15
FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {"field_id": "product", "name": "Product", "type": "text", "is_required": True},
    {"field_id": "price", "name": "Price", "type": "decimal"},
)
# One visitor without a name, and one who gives his address with the third product.
REQUESTS: Final[tuple[tuple[dict[str, str], tuple[dict[str, Any], ...]], ...]] = (
    ({"trackerId": "demo-visitor-1"}, ({"product": "Straw hat", "price": 24.5},)),
    (
        {"trackerId": "demo-visitor-2"},
        ({"product": "Rain coat", "price": 119}, {"product": "Umbrella", "price": "18.90"}),
    ),
    (
        {"trackerId": "demo-visitor-2", "primaryKey": "nils.berg@example.com"},
        ({"product": "Rubber boots", "price": 49},),
    ),
    ({"trackerId": "demo-visitor-1"}, ({"product": "Sunglasses"},)),
)


def demo_app_make(site: Site, *, actor: Actor) -> ReceptionEvent:
    """Return the event, made with its integration and the site's key where they are missing."""
    if not site.publishable_keys.exists():
        publishable_key_create(
            site=site, name="Pages on this machine", allowed_origins=ORIGINS, actor=actor
        )
    existing = ReceptionEvent.objects.filter(site=site, alias=ALIAS, deleted_at=None).first()
    if existing is not None:
        return existing
    integration = site.custom_integrations.filter(name=INTEGRATION).first() or integration_save(
        integration=CustomIntegration(
            site=site, name=INTEGRATION, icon="cart", category="shop", colour="orange"
        ),
        actor=actor,
    )
    event = ReceptionEvent(
        site=site,
        integration=integration,
        context=Context.APP,
        name="Product viewed",
        alias=ALIAS,
    )
    fields = [ReceptionField(**values) for values in FIELDS]
    return reception_event_save(event=event, fields=fields, actor=actor)


def demo_app_play(base_url: str, event: ReceptionEvent) -> str:
    """Send what the visitors looked at, once; return how it went, or ""."""
    key = key_to_show(event.site)
    if key is None or ReceivedEvent.objects.filter(source=event.source_id).exists():
        return ""
    path = events_url(event.site, key.key).removeprefix(settings.PUBLIC_URL)
    taken = sum(_sent(base_url + path, event, sender, payloads) for sender, payloads in REQUESTS)
    return f"{taken} of {sum(len(payloads) for _, payloads in REQUESTS)} events of pages taken"


def _sent(
    url: str, event: ReceptionEvent, sender: dict[str, str], payloads: tuple[dict[str, Any], ...]
) -> int:
    """Send as a page does; return how many of the events were taken."""
    events = [
        {"type": "custom", "eventId": event.event_id, "payload": payload} for payload in payloads
    ]
    page = {"url": f"{ORIGINS[0]}/products", "title": "Demo shop"}
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(
            url,
            json={"entityInfo": sender, "events": events, "pageInfo": page},
            headers={"Origin": ORIGINS[0], "Host": urlsplit(settings.PUBLIC_URL).netloc},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    if response.status_code != HTTPStatus.ACCEPTED:
        return 0
    return sum("id" in answer for answer in response.json()["events"])
