"""The downloaded collections, run by Postman's own runner against a server.

The journey is the documented one, 2.5.1 and 2.5.2: define, download, fill in, Send, see the
contact.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from contacts.models import Contact
from sites.api_keys.services import api_key_create
from sites.models import ApiKey, Role, Scope, Site, User
from sites.publishable_keys.services import publishable_key_create
from tests.conftest import MakeMember
from tests.factories import API_KEY_SECRET, PASSWORD, PublishableKeyFactory
from tests.newman.running import RunNewman
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from tests.webhooks.custom_events import (
    CHECKS,
    E0501,
    SECRET,
    checked_webhook,
    documented_event,
    worked_off,
)
from tests.webhooks.reception_events import ACTOR, custom_integration, reception_event
from webhooks.models import Context, ReceivedEvent, ReceptionEvent, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.network]

ODD = "Ñandú “Söder” \"x\" \\ {{api_key}} {{$guid}} :id/%7B?a=b&c#d <b>&amp;</b> 日本 🛒 'y'"
NAME: dict[str, Any] = {"field_id": "name", "name": "Name", "type": "text", "system_field": "_name"}


@pytest.fixture
def operator(member: MakeMember, site: Site) -> User:
    return member(Role.OPERATOR, site)


@pytest.fixture
def server(live_server: LiveServer, settings: Settings) -> LiveServer:
    """A server whose address is the one that the collections name."""
    settings.PUBLIC_URL = live_server.url
    return live_server


def page_of(event: ReceptionEvent) -> str:
    return reverse("admin:webhooks_receptionevent_postman", args=[event.pk])


def downloaded(client: Client, event: ReceptionEvent) -> Any:
    response = client.get(page_of(event))
    assert response.headers["Content-Disposition"].startswith("attachment")
    return response.json()


def logged_in(url: str, user: User) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{url}/admin/", timeout=60)
    hidden = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert hidden is not None
    given = {"username": user.username, "password": PASSWORD, "csrfmiddlewaretoken": hidden[1]}
    session.post(page.url, given, headers={"Referer": page.url}, timeout=60).raise_for_status()
    return session


def without_create_contact(collection: Any) -> Any:
    """Return the collection with its parameter unticked, as Postman stores that."""
    changed = copy.deepcopy(collection)
    ((request,),) = [[item["request"] for item in changed["item"]]]
    (parameter,) = request["url"]["query"]
    assert (parameter["key"], parameter["value"]) == ("createContact", "true")
    parameter["disabled"] = True
    return changed


# -- the journey ----------------------------------------------------------------------------------


@pytest.mark.processes
def test_what_an_operator_downloads_becomes_a_contact(
    site: Site, operator: User, start_stack: StartStack, run_newman: RunNewman
) -> None:
    erp = custom_integration(site, name="ERP")
    api = reception_event(erp, NAME, name="API event example", alias="api-event-example")
    webhook = reception_event(
        erp, NAME, context=Context.WEBHOOK, name="Webhook event example", alias="webhook-event"
    )
    scopes = [Scope.CUSTOM_EVENTS_WRITE]
    made = api_key_create(site=site, name="ERP", scopes=scopes, actor=ACTOR)
    key = f"{made.key.key_id}:{made.secret}"
    stack = start_stack()
    session = logged_in(stack.url, operator)
    collection, other = (
        session.get(stack.url + page_of(event), timeout=60).json() for event in (api, webhook)
    )

    (unknown,) = run_newman(without_create_contact(collection), api_key=key)
    assert (unknown.status, unknown.body) == (400, E0501)
    (stranger,) = run_newman(collection, api_key=f"{made.key.key_id}:another")
    assert (stranger.status, stranger.content) == (401, b"")
    (sent,) = run_newman(collection, api_key=key)
    assert sent.status == 201
    assert re.fullmatch("[0-9a-f]{24}", sent.body["id"])

    assert ReceivedEvent.objects.get().event_id == sent.body["id"]
    processed = ReceivedEvent.objects.filter(status=Status.PROCESSED)
    eventually(lambda: processed.count() == 1, what="the event worked off")
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name) == ("john.doe@example.org", "Example text")
    (again,) = run_newman(without_create_contact(collection), api_key=key)
    assert again.status == 201
    eventually(lambda: processed.count() == 2, what="the second event worked off")

    contact.delete()
    (answer,) = run_newman(other)
    assert answer.status == 201
    eventually(lambda: processed.count() == 3, what="the webhook's event worked off")
    assert Contact.objects.get().email == "john.doe@example.org"


# -- every kind -----------------------------------------------------------------------------------


def test_all_nine_types_are_sent(
    client: Client,
    server: LiveServer,
    operator: User,
    event: ReceptionEvent,
    key: ApiKey,
    run_newman: RunNewman,
) -> None:
    client.force_login(operator)
    collection = downloaded(client, event)
    (answer,) = run_newman(collection, api_key=f"{key.key_id}:{API_KEY_SECRET}")
    assert (answer.status, list(answer.body)) == (201, ["id"])
    worked_off()
    assert ReceivedEvent.objects.get().status == Status.PROCESSED


@pytest.mark.parametrize("check", CHECKS)
def test_a_webhook_with_this_check_accepts_its_collection(
    client: Client,
    server: LiveServer,
    operator: User,
    site: Site,
    run_newman: RunNewman,
    check: str,
) -> None:
    client.force_login(operator)
    collection = downloaded(client, checked_webhook(site, check))
    variables = {"secret": SECRET} if collection["variable"] else {}
    (answer,) = run_newman(collection, **variables)
    assert answer.status == 201
    if variables:
        (refused,) = run_newman(collection, secret="another-secret-of-24-characters")
        assert refused.status == 401


def test_an_event_of_pages_is_sent_as_it_was_downloaded(
    client: Client, server: LiveServer, operator: User, site: Site, run_newman: RunNewman
) -> None:
    key = PublishableKeyFactory.create(site=site)
    client.force_login(operator)
    collection = downloaded(client, documented_event(site, Context.APP))
    (variable,) = collection["variable"]
    assert variable["value"] == key.key
    (answer,) = run_newman(collection, publishable_key=variable["value"])
    assert answer.status == 202
    assert [list(event) for event in answer.body["events"]] == [["id"]]
    (refused,) = run_newman(collection, publishable_key="pk_another")
    assert (refused.status, refused.body["code"]) == (403, "KEY_NOT_ACCEPTED")
    worked_off()
    assert ReceivedEvent.objects.get().status == Status.PROCESSED


def test_an_app_event_is_sent_with_the_publishable_key_that_the_collection_names(
    client: Client, server: LiveServer, operator: User, site: Site, run_newman: RunNewman
) -> None:
    key = publishable_key_create(site=site, name="App", allows_apps=True, actor=ACTOR)
    event = documented_event(site, Context.APP)
    client.force_login(operator)
    collection = downloaded(client, event)
    ((name, value),) = [(each["key"], each["value"]) for each in collection["variable"]]
    assert (name, value) == ("publishable_key", key.key)
    (answer,) = run_newman(collection, publishable_key=value)
    assert answer.status == 202, answer.content
    assert [list(each) for each in answer.body["events"]] == [["id"]]
    worked_off()
    assert ReceivedEvent.objects.get().status == Status.PROCESSED
    (refused,) = run_newman(collection, publishable_key="pk_unknown")
    assert refused.status == 403


def test_odd_names_and_options_arrive_as_they_are(
    client: Client, server: LiveServer, operator: User, site: Site, run_newman: RunNewman
) -> None:
    option = "{{tier}} “Año” \"x\" \\ 50 % :id 日本 🛒 <b>&amp;</b> 'y' //z"
    fields: list[dict[str, Any]] = [
        {"field_id": "a.b-c_d", "name": ODD, "type": "text", "pointer": '/{{a}} \\ "ü"/x~1y/0'},
        {
            "field_id": "tier",
            "name": ODD,
            "type": "radio",
            "options": [{"id": option, "label": ODD}],
            "pointer": "/#frag?ment/🛒",
        },
    ]
    webhook = reception_event(
        custom_integration(site, name=ODD[:60]), *fields, context=Context.WEBHOOK, name=ODD[:100]
    )
    client.force_login(operator)
    collection = downloaded(client, webhook)
    assert collection["info"]["name"] == webhook.name
    (answer,) = run_newman(collection)
    assert answer.status == 201
    sent = {
        "customer": {"email": "john.doe@example.org"},
        '{{a}} \\ "ü"': {"x/y": ["Example text"]},
        "#frag?ment": {"🛒": option},
    }
    assert json.loads(bytes(ReceivedEvent.objects.get().body or b"")) == sent
