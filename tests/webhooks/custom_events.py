"""Connectif's documented events as rows, and requests to them through the web process's door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.http import HttpResponse
from django.utils import timezone

from contacts.models import Contact
from sites.models import ApiKey, Site
from tests.factories import API_KEY_SECRET, ReceptionEventFactory
from tests.webhooks.reception import knock
from webhooks.models import Context, ReceptionEvent, ReceptionField

_DOCUMENTED = Path(__file__).parent.parent / "integrations" / "payloads" / "connectif"

CREATE = {"createContact": "true"}
E0501 = {
    "status": 400,
    "title": "Bad Request",
    "detail": "Contact does not exist.",
    "code": "E0501",
}
FLAT = {"email": "john.doe@example.org", "phone": "+34666777888", "name": "Hi there!"}
SECRET = "secret-of-a-sender-of-24-bytes"
# Settings and secrets by the check of a webhook's requests.
CHECKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "none": ({}, {}),
    "token_header": ({"token_header": "X-Token"}, {"tokens": [SECRET]}),
    "token_query": ({"token_parameter": "t"}, {"tokens": [SECRET]}),
    "basic": ({"basic_username": "erp"}, {"basic_password": SECRET}),
    "hmac": ({"hmac_header": "X-Signed"}, {"hmac_secrets": [SECRET]}),
    "standard_webhooks": (
        {},
        {"signing_secrets": ["whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
    ),
}


def documented(name: str) -> Any:
    return json.loads((_DOCUMENTED / name).read_text(encoding="utf-8"))


def documented_event(site: Site, context: Context = Context.API, **values: Any) -> ReceptionEvent:
    """Return the event `api-event-example` of the documentation, with all nine types."""
    rows = documented("event_type_definition.json")["fields"]
    fields = [
        ReceptionField(
            field_id=row["id"],
            name=row["name"],
            type=row["type"],
            is_required=row["required"],
            is_primary_key=row["isPrimaryKey"],
            default_country_code=row.get("defaultCountryCode", ""),
            options=row.get("options", []),
            system_field={"name": "_name", "phone": "_mobilePhone"}.get(row["id"], ""),
        )
        for row in rows
    ]
    values.setdefault("alias", "api-event-example")
    return ReceptionEventFactory.create(site=site, context=context, fields=fields, **values)


def erp_event(site: Site, **values: Any) -> ReceptionEvent:
    """Return the webhook whose nested body is mapped by pointers."""
    mapping = documented("mapping.json")
    options = {
        "tier": [{"id": "gold", "label": "Gold"}],
        "tags": [{"id": "vip", "label": "VIP"}, {"id": "b2b", "label": "B2B"}],
    }
    fields = [
        ReceptionField(
            field_id=field_id,
            name=field_id,
            type=mapping["types"][field_id],
            is_primary_key=field_id == "email",
            default_country_code="34" if field_id == "phone" else "",
            options=options.get(field_id, []),
            pointer=pointer,
            system_field={"name": "_name", "points": "_points"}.get(field_id, ""),
        )
        for field_id, pointer in mapping["pointers"].items()
    ]
    values.setdefault("alias", mapping["alias"])
    return ReceptionEventFactory.create(site=site, context=Context.WEBHOOK, fields=fields, **values)


def checked_webhook(site: Site, check: str) -> ReceptionEvent:
    """Return the webhook with one of `CHECKS`."""
    settings, secrets = CHECKS[check]
    verification = {"verification": check, **settings}
    return erp_event(site, verification=verification, secrets=secrets)


def as_bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def send(
    event: ReceptionEvent,
    key: ApiKey,
    body: Any,
    *,
    path: str = "",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> HttpResponse:
    """Post to an event of the Public API, with the key unless other headers are given."""
    address = path or f"/custom-events/alias/{event.alias}"
    if query:
        address += "?" + urlencode(query)
    given = {"Authorization": f"ApiKey {key.key_id}:{API_KEY_SECRET}"}
    return knock("POST", address, as_bytes(body), content_type, given | dict(headers or {}))


def post(
    event: ReceptionEvent, body: Any, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Post to a webhook event as a sender that nobody controls."""
    address = f"/webhooks/{event.site.public_id}/custom-events/alias/{event.alias}"
    return knock("POST", address, as_bytes(body), "application/json", headers or {})


def worked_off() -> None:
    """Have a worker process all that was received."""
    call_command("worker", "--once")


def contact(site: Site, email: str = "john.doe@example.org") -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=site, email=email, created_at=now, updated_at=now)


def body_of(response: Any) -> Any:
    return json.loads(response.content)
