"""What is downloaded for Postman and copied for a shell is accepted as it stands."""

from __future__ import annotations

import base64
import json
import shlex
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse

from sites.models import ApiKey, Site
from tests.factories import API_KEY_SECRET
from tests.webhooks.custom_events import CHECKS, SECRET, checked_webhook, documented_event
from tests.webhooks.reception import knock
from webhooks.inbound.admin.custom_integrations.event_addresses import (
    KEY_PLACEHOLDER,
    sending_help,
)
from webhooks.inbound.admin.custom_integrations.postman import collection
from webhooks.models import Context

pytestmark = pytest.mark.django_db(transaction=True)


def sent(downloaded: dict[str, Any], **variables: str) -> HttpResponse:
    """Send the one request of a collection as Postman does."""
    assert {each["key"] for each in downloaded["variable"]} <= set(variables)
    text = json.dumps(downloaded["item"])
    for name, value in variables.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    ((request),) = [item["request"] for item in json.loads(text)]
    headers = {each["key"]: each["value"] for each in request["header"]}
    if "auth" in request:
        pairs = {each["key"]: each["value"] for each in request["auth"]["basic"]}
        pair = f"{pairs['username']}:{pairs['password']}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    url = urlsplit(request["url"]["raw"])
    assert url.path.strip("/").split("/") == request["url"]["path"]
    body = request["body"]["raw"].encode()
    return knock("POST", f"{url.path}?{url.query}", body, headers.pop("Content-Type"), headers)


def test_the_collection_of_the_public_api_is_accepted(site: Site, key: ApiKey) -> None:
    downloaded = collection(documented_event(site))
    assert downloaded["info"]["schema"].endswith("/v2.1.0/collection.json")
    assert sent(downloaded, api_key=f"{key.key_id}:{API_KEY_SECRET}").status_code == 201


@pytest.mark.parametrize("check", CHECKS)
def test_the_collection_of_a_webhook_is_accepted(site: Site, check: str) -> None:
    downloaded = collection(checked_webhook(site, check))
    assert SECRET not in json.dumps(downloaded)
    assert sent(downloaded, secret=SECRET).status_code == 201


@pytest.mark.parametrize("check", [*CHECKS, "api"])
def test_the_curl_line_is_accepted(site: Site, key: ApiKey, check: str) -> None:
    event = documented_event(site, Context.API) if check == "api" else checked_webhook(site, check)
    line = sending_help(event, mask_secrets=False).curl
    words = shlex.split(line.replace(KEY_PLACEHOLDER, f"{key.key_id}:{API_KEY_SECRET}"))
    headers, body = {}, b""
    for option, value in pairwise(words):
        if option == "-H":
            name, _, text = value.partition(": ")
            headers[name.lower()] = text
        elif option == "--user":
            headers["authorization"] = f"Basic {base64.b64encode(value.encode()).decode()}"
        elif option == "--data-raw":
            body = value.encode()
    url = urlsplit(words[-1])
    response = knock("POST", f"{url.path}?{url.query}", body, headers.pop("content-type"), headers)
    assert response.status_code == 201
