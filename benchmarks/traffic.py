"""What the load consists of: sources, and requests that were signed in advance."""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from integrations.verification.secret_rules import signing_key
from integrations.verification.standard_webhooks import standard_signature
from sites.models import Site
from webhooks.models import Source

ROWS_PER_BATCH: Final = 1_000
_TOKEN: Final = "bench-" + "t" * 32


@dataclass(frozen=True, slots=True)
class SignedTraffic:
    """One body, and `requests` times the id, timestamp and signature that go with it.

    `file` holds the body in its first line and "id signature" in each further one.
    """

    path: str
    timestamp: str
    body: bytes
    file: Path
    requests: int


def make_signed_traffic(folder: Path, requests: int) -> SignedTraffic:
    """Make an Engage source and sign one body of about 1 KB under that many message ids."""
    source = engage_source(_site())
    (secret,) = source.secrets["signing_secrets"]
    key = signing_key(secret)
    if key is None:
        raise SystemExit("The signing secret made here is none.")
    body = _engage_body()
    timestamp = str(int(time.time()))
    file = folder / "signed.txt"
    with file.open("wb") as lines:
        lines.write(body + b"\n")
        for _ in range(requests):
            message_id = f"msg_{uuid.uuid4().hex}".encode()
            signature = standard_signature(key, message_id, timestamp.encode(), body)
            lines.write(message_id + b" v1," + signature + b"\n")
    return SignedTraffic(source.reception_path, timestamp, body, file, requests)


def engage_source(site: Site) -> Source:
    secret = "whsec_" + base64.b64encode(os.urandom(24)).decode()
    return _source(site, "voyado_engage", {}, {"signing_secrets": [secret]})


def make_batch_traffic(folder: Path) -> tuple[str, Path]:
    """Make an Ongage source; return its path with the token, and a file with all but one row."""
    settings = {"verification": "token_query", "token_parameter": "token"}
    source = _source(_site(), "ongage", settings, {"tokens": [_TOKEN]})
    request_path = f"{source.reception_path}?token={_TOKEN}"
    rows = [
        {
            "status": "soft",
            "email": f"subscriber{number}@example.com",
            "list_id": "4711",
            "esp_name": "Amazon SES",
            "contact_id": f"6f51d6-{number}",
        }
        for number in range(ROWS_PER_BATCH - 1)
    ]
    file = folder / "batch.txt"
    # The Lua script opens the array with a row of its own, so that no two bodies are equal.
    file.write_text(json.dumps(rows, separators=(",", ":"))[1:], encoding="utf-8")
    return request_path, file


def _site() -> Site:
    site, _ = Site.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    return site


def _source(
    site: Site, preset_key: str, settings: dict[str, Any], secrets: dict[str, Any]
) -> Source:
    values: dict[str, Any] = {
        "site": site,
        "preset_key": preset_key,
        "name": preset_key,
        "settings": settings,
        "secrets": secrets,
        "throttle_per_second": 0,
    }
    return Source.objects.create(**values)


def _engage_body() -> bytes:
    payload = {
        "contactId": "515c1b2a-7124-4bb9-826b-aedbbe5da8c4",
        "email": "john.doe@example.com",
        "firstName": "John",
        "lastName": "Doe",
        "mobilePhone": "+46701234567",
        "street": "Storgatan 1",
        "postalCode": "11122",
        "city": "Stockholm",
        "countryCode": "SE",
        "customAttributes": {f"attribute{number}": "value" * 4 for number in range(14)},
    }
    document = {
        "eventId": "8d0a6c11-5b0e-4a53-9a43-1f6f2f3b7c20",
        "eventType": "contact.updated",
        "isEncrypted": False,
        "payload": payload,
        "tenant": "bench",
    }
    return json.dumps(document, separators=(",", ":")).encode()
