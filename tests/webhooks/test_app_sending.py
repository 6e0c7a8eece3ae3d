"""What the console hands out for pages and apps is accepted as it stands."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.utils import timezone

from sites.models import PublishableKey, Site
from sites.publishable_keys.page_code import example_origin, key_to_show
from tests.factories import PublishableKeyFactory, ReceptionEventFactory
from tests.webhooks.custom_events import body_of, documented_event
from tests.webhooks.reception import knock
from webhooks.inbound.admin.custom_integrations.app_sending import KEY_PLACEHOLDER
from webhooks.inbound.admin.custom_integrations.event_addresses import sending_help
from webhooks.inbound.admin.custom_integrations.postman import collection
from webhooks.inbound.reception import directory
from webhooks.models import Context, ReceptionEvent, ReceptionField

pytestmark = pytest.mark.django_db(transaction=True)

KEYS: dict[str, dict[str, Any]] = {
    "pages": {},
    "any shop": {"allowed_origins": ["https://*.example.com"]},
    "both": {"allowed_origins": ["https://*.a.com", "http://localhost:5173"], "allows_apps": True},
    "apps": {"allowed_origins": [], "allows_apps": True},
}


def app_event(site: Site) -> ReceptionEvent:
    """Return an event of pages with all nine types, of which the e-mail is the primary key."""
    return documented_event(site, context=Context.APP)


def run(command: str) -> HttpResponse:
    """Send what the command would: headers, body and address are all that is in it."""
    words = shlex.split(command)
    headers = dict(
        words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"
    )
    url = urlsplit(words[-1])
    body = words[words.index("--data-raw") + 1].encode()
    return knock("POST", f"{url.path}?{url.query}", body, headers.pop("content-type"), headers)


@pytest.mark.parametrize("uses", KEYS)
def test_the_command_is_accepted_with_every_kind_of_key(site: Site, uses: str) -> None:
    PublishableKeyFactory.create(site=site, **KEYS[uses])
    response = run(sending_help(app_event(site)).curl)
    assert response.status_code == 202
    assert list(body_of(response)["events"][0]) == ["id"]


def test_the_command_without_a_key_says_where_it_goes(site: Site) -> None:
    given = sending_help(app_event(site))
    assert given.app is not None
    assert (given.app.key, given.app.script_tag) == (None, "")
    assert given.url.endswith(f"?key={KEY_PLACEHOLDER}")
    assert run(given.curl).status_code == 403
    key = PublishableKeyFactory.create(site=site, allows_apps=True)
    # Otherwise it learns of the key at its next look at the version.
    directory.invalidate()
    assert run(given.curl.replace(KEY_PLACEHOLDER, key.key)).status_code == 202


@pytest.mark.parametrize("uses", KEYS)
def test_the_collection_is_accepted_with_every_kind_of_key(site: Site, uses: str) -> None:
    key = PublishableKeyFactory.create(site=site, **KEYS[uses])
    downloaded = collection(app_event(site))
    assert [(each["key"], each["value"]) for each in downloaded["variable"]] == [
        ("publishable_key", key.key)
    ]
    [item] = downloaded["item"]
    request = json.loads(json.dumps(item["request"]).replace("{{publishable_key}}", key.key))
    headers = {each["key"]: each["value"] for each in request["header"]}
    assert headers.pop("Content-Type") == "text/plain"
    url = urlsplit(request["url"]["raw"])
    assert request["url"]["query"] == [{"key": "key", "value": key.key}]
    body = request["body"]["raw"].encode()
    response = knock("POST", f"{url.path}?{url.query}", body, "text/plain", headers)
    assert response.status_code == 202


def test_the_collection_without_a_key_leaves_its_variable_empty(site: Site) -> None:
    downloaded = collection(app_event(site))
    assert downloaded["variable"][0]["value"] == ""
    assert "{{publishable_key}}" in downloaded["item"][0]["request"]["url"]["raw"]


def test_the_line_for_pages_names_the_event_and_its_fields(site: Site) -> None:
    event = app_event(site)
    given = sending_help(event)
    assert given.app is not None
    found = re.fullmatch(
        r"patchbay\.managed\.sendEvents\(\[\{\n  type: 'custom',\n  eventId: '(\w{24})',\n"
        r"  payload: (\{.*\})\n\}\]\);",
        given.app.send_line,
        re.DOTALL,
    )
    assert found is not None
    assert found[1] == event.event_id
    assert json.loads(found[2]) == json.loads(given.body)["events"][0]["payload"]


def test_the_line_of_an_event_without_fields_has_no_payload(site: Site) -> None:
    event = ReceptionEventFactory.create(site=site, context=Context.APP, fields=[])
    given = sending_help(event)
    assert given.app is not None
    assert "payload" not in given.app.send_line
    PublishableKeyFactory.create(site=site)
    assert run(sending_help(event).curl).status_code == 202


def test_the_line_cannot_end_the_script_that_it_stands_in(site: Site) -> None:
    options = [{"id": "</script><script>", "label": "x"}]
    field = ReceptionField(field_id="tier", name="Tier", type="radio", options=options)
    event = ReceptionEventFactory.create(site=site, context=Context.APP, fields=[field])
    given = sending_help(event)
    assert given.app is not None
    assert "<" not in given.app.send_line
    assert "</script>" in json.loads(given.app.send_line.split("payload: ")[1][:-5])["tier"]


def test_the_newest_live_key_of_pages_is_shown(site: Site) -> None:
    assert key_to_show(site) is None
    apps = PublishableKeyFactory.create(site=site, allowed_origins=[], allows_apps=True)
    assert key_to_show(site) == apps
    PublishableKeyFactory.create(site=site)
    newest = PublishableKeyFactory.create(site=site)
    PublishableKeyFactory.create(site=site, allowed_origins=[], allows_apps=True)
    PublishableKeyFactory.create(site=site, revoked_at=timezone.now())
    PublishableKeyFactory.create()
    assert key_to_show(site) == newest


@pytest.mark.parametrize(
    ("origins", "example"),
    [
        ([], ""),
        (["https://*.example.com"], "https://www.example.com"),
        (["https://*.example.com", "https://shop.example.org"], "https://shop.example.org"),
    ],
)
def test_the_example_of_an_origin_is_one_that_is_let_in(origins: list[str], example: str) -> None:
    assert example_origin(PublishableKey(allowed_origins=origins)) == example
