"""An event as a Postman collection (format 2.1.0), to import and press Send."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from integrations.sample_request import BuiltRequest
from sites.publishable_keys.page_code import KEY_PARAMETER, key_to_show
from webhooks.inbound.admin.custom_integrations.event_addresses import (
    KEY_PLACEHOLDER,
    example_request,
    is_signed,
    sample_text,
)
from webhooks.inbound.models import Context, ReceptionEvent

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLES: Final = {
    Context.API: ("api_key", "The API key, id and secret joined by a colon."),
    Context.WEBHOOK: ("secret", "The secret that the event's settings ask for."),
    Context.APP: ("publishable_key", "A publishable key of the site; it is no secret."),
}


def collection(event: ReceptionEvent) -> dict[str, Any]:
    """Return the collection; secrets are variables in it, empty. Raises `VerificationFailed`.

    A publishable key is no secret: its variable is filled when the site has one.
    """
    request = example_request(event)
    context = Context(event.context)
    name, description = _VARIABLES[context]
    has_variable = context is not Context.WEBHOOK or request.reveals_secret
    key = key_to_show(event.site) if context is Context.APP else None
    return {
        "info": {"name": event.name, "schema": _SCHEMA, "description": _about(event, request)},
        "item": [{"name": event.name, "request": _request(event, request, f"{{{{{name}}}}}")}],
        "variable": [
            {
                "key": name,
                "value": key.key if key else "",
                "type": "string",
                "description": description,
            }
        ]
        if has_variable
        else [],
    }


def _request(event: ReceptionEvent, request: BuiltRequest, variable: str) -> dict[str, Any]:
    headers = {
        key: variable if key in request.secret_headers else value.replace(KEY_PLACEHOLDER, variable)
        for key, value in request.headers.items()
    }
    username = _basic_username(request)
    if username:
        # Left to Postman to encode, so that the variable is the password alone.
        del headers["authorization"]
    return {
        "method": "POST",
        **({"auth": _basic(username, variable)} if username else {}),
        "header": [{"key": key.title(), "value": value} for key, value in headers.items()],
        "body": {
            "mode": "raw",
            # A signature holds for these very bytes.
            "raw": request.body.decode() if is_signed(event, request) else sample_text(event),
            "options": {"raw": {"language": "json"}},
        },
        "url": _url(
            request,
            variable,
            {KEY_PARAMETER} if event.context == Context.APP else request.secret_query,
        ),
    }


def _basic_username(request: BuiltRequest) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return ""
    return base64.b64decode(encoded).decode("utf-8").partition(":")[0]


def _basic(username: str, variable: str) -> dict[str, Any]:
    pairs = {"username": username, "password": variable}
    listed = [{"key": key, "value": value, "type": "string"} for key, value in pairs.items()]
    return {"type": "basic", "basic": listed}


def _url(request: BuiltRequest, variable: str, replaced: Collection[str]) -> dict[str, Any]:
    parts = urlsplit(request.url)
    query = [
        {"key": key, "value": variable if key in replaced else value}
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    text = "&".join(f"{pair['key']}={pair['value']}" for pair in query)
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    found: dict[str, Any] = {
        "raw": f"{address}?{text}" if text else address,
        "protocol": parts.scheme,
        "host": (parts.hostname or "").split("."),
        "path": parts.path.strip("/").split("/"),
    }
    if parts.port:
        found["port"] = str(parts.port)
    return found | ({"query": query} if query else {})


def _about(event: ReceptionEvent, request: BuiltRequest) -> str:
    if event.context == Context.API:
        return "Set the variable api_key to your API key, id and secret joined by a colon."
    if event.context == Context.APP:
        return (
            "Sends what a page or an app sends, with a sample of every field. The variable "
            "publishable_key holds a publishable key of the site."
        )
    if is_signed(event, request):
        return (
            "Sends a sample body made from the fields of the event. The signature was computed for "
            "this very body; one that covers the time is good for five minutes after the download."
        )
    return "Sends a sample body made from the fields of the event."
