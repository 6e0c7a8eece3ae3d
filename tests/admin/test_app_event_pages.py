"""Events of pages and apps in the console: chosen, edited, confirmed with their code, tried."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.causes import RejectionCause
from integrations.models import CustomIntegration
from sites.models import Role, Site
from tests.conftest import MakeMember
from tests.factories import PublishableKeyFactory, ReceptionEventFactory
from tests.webhooks.received import received_event, rejected_request
from tests.webhooks.reception_events import custom_integration
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent, ReceptionField, Status

pytestmark = pytest.mark.django_db

BASICS = {"name": "Viewed", "alias": "viewed", "is_active": "on", "throttle_per_second": "0"}
SHOP = "https://shop.example.com"
TRACKER = "0b6c7f3e-8a52-4d0e-9f0a-3d1c5b7e9a42"


@pytest.fixture
def integration(site: Site) -> CustomIntegration:
    return custom_integration(site)


@pytest.fixture
def event(integration: CustomIntegration) -> ReceptionEvent:
    fields = [
        ReceptionField(field_id="product", name="Product", type="text", is_required=True),
        ReceptionField(field_id="price", name="Price", type="decimal"),
    ]
    return ReceptionEventFactory.create(
        site=integration.site, integration=integration, context=Context.APP, fields=fields
    )


def editor_url(integration: CustomIntegration) -> str:
    add = reverse("admin:webhooks_receptionevent_add")
    return f"{add}?integration={integration.pk}&context=app"


def page_of(event: ReceptionEvent, page: str = "change") -> str:
    return reverse(f"admin:webhooks_receptionevent_{page}", args=[event.pk])


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def row(number: int, **columns: str) -> dict[str, str]:
    return {f"f{number}-{name}": value for name, value in columns.items()}


def sent(event: ReceptionEvent, **payload: Any) -> str:
    one = {"type": "custom", "eventId": event.event_id, "payload": payload}
    return json.dumps({"entityInfo": {"trackerId": TRACKER}, "events": [one]})


def kept(event: ReceptionEvent, **payload: Any) -> bytes:
    """Return what is stored of one event of a request."""
    one = {"type": "custom", "eventId": event.event_id, "id": "1", "payload": payload}
    return json.dumps({"entityInfo": {"trackerId": TRACKER}, "event": one}).encode()


def try_fields(client: Client, event: ReceptionEvent, **given: Any) -> str:
    fields = {"row": ["0", "1"], "primary_key": ""} | row(
        0, id="product", name="Product", type="text", required="on"
    ) | row(1, id="price", name="Price", type="decimal")  # fmt: skip
    given = {"action": "test", "fragment": "1"} | fields | given
    return text_of(client.post(page_of(event), given))


# -- choosing and editing --------------------------------------------------------------------------


def test_the_third_connection_type_can_be_chosen(
    operator: Client, integration: CustomIntegration
) -> None:
    text = text_of(operator.get(editor_url(integration).replace("context=app", "context=")))
    assert 'value="app"> <strong>Web or mobile app</strong>' in text


def test_the_editor_asks_for_no_pointer_check_or_email(
    operator: Client, integration: CustomIntegration
) -> None:
    text = text_of(operator.get(editor_url(integration)))
    assert "JSON Pointer" not in text
    assert "setting-verification" not in text
    assert 'name="f0-id"' not in text
    assert re.search(r'name="primary_key" value="" checked> No field is the primary key', text)
    assert "call it by its event id" in text


@pytest.mark.parametrize("given", [{}, {"primary_key": ""}])
def test_an_event_is_saved_without_a_primary_key(
    operator: Client, integration: CustomIntegration, given: dict[str, str]
) -> None:
    hidden = row(0, name="Product", type="text", pointer="/product")
    response = operator.post(editor_url(integration), BASICS | hidden | {"row": ["0"]} | given)
    event = ReceptionEvent.objects.get()
    assert response["Location"] == page_of(event, "saved")
    [field] = event.fields.all()
    assert (field.field_id, field.is_primary_key, field.pointer) == ("field-1", False, "")


def test_an_event_may_have_no_fields_at_all(
    operator: Client, integration: CustomIntegration
) -> None:
    operator.post(editor_url(integration), BASICS)
    assert not ReceptionEvent.objects.get().fields.exists()


def test_a_primary_key_is_chosen_and_given_up_again(
    operator: Client, integration: CustomIntegration
) -> None:
    fields = {"row": ["4"]} | row(4, id="email", name="E-mail", type="email")
    operator.post(editor_url(integration), BASICS | fields | {"primary_key": "4"})
    event = ReceptionEvent.objects.get()
    field = event.fields.get()
    assert (field.is_primary_key, field.is_required) == (True, False), "it may come only sometimes"
    required = {"primary_key": "4", "f4-required": "on"}
    operator.post(page_of(event), BASICS | fields | required)
    field.refresh_from_db()
    assert (field.is_primary_key, field.is_required) == (True, True)
    text = text_of(operator.get(page_of(event)))
    assert re.search(r'name="primary_key" value="" *> No field', text)
    operator.post(page_of(event), BASICS | fields | {"primary_key": ""})
    assert not event.fields.get().is_primary_key


def test_a_primary_key_of_another_type_is_refused(
    operator: Client, integration: CustomIntegration
) -> None:
    fields = {"row": ["0"], "primary_key": "0"} | row(0, name="Name", type="text")
    text = text_of(operator.post(editor_url(integration), BASICS | fields))
    assert "Only a field of type e-mail can be the primary key." in text
    assert not ReceptionEvent.objects.exists()


# -- the confirmation ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["saved", "change"])
def test_the_page_has_all_that_goes_into_pages(
    operator: Client, event: ReceptionEvent, page: str
) -> None:
    key = PublishableKeyFactory.create(site=event.site, name="Web shop")
    response = operator.get(page_of(event, page))
    assert '<script src="http' not in response.content.decode()
    text = text_of(response)
    address = f"http://localhost:8000/app/{event.site.public_id}/events?key={key.key}"
    assert f'<code id="event-url">{address}</code>' in text
    assert f'data-site="{event.site.public_id}" data-key="{key.key}"' in text
    assert f"eventId: '{event.event_id}'" in text
    assert re.search(
        r"curl -i -X POST -H 'content-type: text/plain' -H 'origin: https://shop", text
    )
    assert '"entityInfo"' in text
    assert "Download Postman collection" in text
    assert reverse("admin:sites_publishablekey_change", args=[key.pk]) in text
    assert "It takes no API key" not in text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_without_a_key_the_page_leads_to_one(
    client: Client, member: MakeMember, event: ReceptionEvent, role: Role
) -> None:
    PublishableKeyFactory.create(site=event.site, revoked_at=timezone.now())
    PublishableKeyFactory.create()
    client.force_login(member(role))
    text = text_of(client.get(page_of(event, "saved")))
    adding = f"{reverse('admin:sites_publishablekey_add')}?site={event.site.pk}"
    assert (adding in text) is (role is Role.ADMIN)
    assert ("Ask an admin of the site to create one" in text) is (role is Role.OPERATOR)
    assert "data-do-not-track" not in text
    assert "YOUR-PUBLISHABLE-KEY" in text
    assert f"eventId: '{event.event_id}'" in text


def test_a_key_of_apps_alone_is_no_key_for_pages(operator: Client, event: ReceptionEvent) -> None:
    PublishableKeyFactory.create(site=event.site, allowed_origins=[], allows_apps=True)
    text = text_of(operator.get(page_of(event, "saved")))
    assert "is for mobile apps alone" in text
    assert "data-do-not-track" not in text
    assert "-H 'origin" not in text


def test_the_key_is_for_operators(
    client: Client, member: MakeMember, event: ReceptionEvent
) -> None:
    key = PublishableKeyFactory.create(site=event.site)
    for role in (Role.VIEWER, Role.SUPPORT, Role.OPERATOR):
        client.force_login(member(role))
        shown = key.key in text_of(client.get(page_of(event)))
        assert shown is (role is Role.OPERATOR)


def test_the_list_of_events_copies_the_event_id(
    operator: Client, event: ReceptionEvent, integration: CustomIntegration
) -> None:
    page = reverse("admin:integrations_customintegration_change", args=[integration.pk])
    text = text_of(operator.get(page))
    assert f'data-copy="{event.event_id}" aria-label="Copy event id"' in text
    assert "Web or mobile app" in text


# -- the tester ------------------------------------------------------------------------------------


def test_a_pasted_request_is_read_by_its_payload(operator: Client, event: ReceptionEvent) -> None:
    text = try_fields(operator, event, **{"tester-body": sent(event, product="Hat", price="9.5")})
    assert "</span>202</span> It would be accepted." in text
    assert "<code>Hat</code>" in text
    assert "/events/0/payload/price" in text
    assert "data-pointer" not in text
    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"entityInfo": {"trackerId": "a"}, "events": [{"type": "custom"}]}, "422",
         "product: Required field is missing."),
        ({"events": [{"type": "custom", "payload": {"product": "Hat"}}]}, "422", "names nobody"),
        ({"entityInfo": {"trackerId": "a"}, "events": [{"type": "view"}]}, "422",
         "Only events of the type “custom” are taken."),
        ({"product": "Hat"}, "422", "An event is an object"),
    ],
)  # fmt: skip
def test_the_tester_says_why_it_would_be_refused(
    operator: Client, event: ReceptionEvent, body: Any, status: str, sentence: str
) -> None:
    text = try_fields(operator, event, **{"tester-body": json.dumps(body)})
    assert f"</span>{status}</span>" in text
    assert sentence in text


def test_stored_events_are_picked_and_read_again(operator: Client, event: ReceptionEvent) -> None:
    received = received_event(event.source, Status.PROCESSED, body=kept(event, product="Hat"))
    rejected = rejected_request(
        event.source, RejectionCause.INVALID_FIELDS, kept(event, price="much")
    )
    page = text_of(operator.get(page_of(event)))
    assert f'value="received:{received.pk}"' in page
    assert f'value="rejected:{rejected.pk}"' in page
    text = try_fields(operator, event, **{"tester-pick": f"received:{received.pk}"})
    assert "It would be accepted." in text
    assert "/event/payload/product" in text
    text = try_fields(operator, event, **{"tester-pick": f"rejected:{rejected.pk}"})
    assert "product: Required field is missing." in text


def test_addresses_of_visitors_are_masked(operator: Client, event: ReceptionEvent) -> None:
    fields = {"row": ["0"], "primary_key": "0"} | row(0, id="email", name="E-mail", type="email")
    body = {"entityInfo": {"trackerId": TRACKER, "primaryKey": "anna@example.com"},
            "event": {"type": "custom", "eventId": event.event_id, "id": "1"}}  # fmt: skip
    stored = received_event(event.source, Status.PROCESSED, body=json.dumps(body).encode())
    text = try_fields(operator, event, **fields, **{"tester-pick": f"received:{stored.pk}"})
    assert "It would be accepted." in text
    assert "anna@example.com" not in text
    assert "/entityInfo/primaryKey" in text
