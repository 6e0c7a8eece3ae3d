"""The pages of send events: made in their integration, sent, subscribed to, deleted, by role."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import CustomIntegration
from sites.models import Role, Site
from tests.conftest import MakeMember
from tests.factories import CustomIntegrationFactory, SiteFactory
from tests.webhooks.outbound.send_events import FIELDS, VALUES, send_event
from tests.webhooks.publishing import subscribe
from webhooks.models import Event, SendEvent, Subscription
from webhooks.outbound.send_events.catalogue import send_type

SECRET = "Bearer of-a-receiver-9f2a"


@pytest.fixture
def integration(site: Site) -> CustomIntegration:
    return CustomIntegrationFactory.create(site=site, name="ERP")


@pytest.fixture
def event(site: Site, integration: CustomIntegration) -> SendEvent:
    return send_event(site, integration=integration)


def page(event: SendEvent, name: str = "change") -> str:
    return reverse(f"admin:webhooks_sendevent_{name}", args=[event.pk])


def html_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def send_form(**values: Any) -> dict[str, Any]:
    return {f"send-value-{key}": value for key, value in values.items()}


def test_tab_of_the_integration_lists_events_and_who_is_told(
    operator: Client, integration: CustomIntegration, event: SendEvent, site: Site
) -> None:
    subscribe(site, "send.*", name="Warehouse")
    subscribe(site, "contact.*", name="Mailer")
    address = reverse("admin:integrations_customintegration_change", args=[integration.pk])
    html = html_of(operator.get(address + "?tab=send"))
    assert event.name in html
    assert event.event_id in html
    assert "Warehouse" in html
    assert "Mailer" not in html
    assert "Send data" in html_of(operator.get(address))
    changelist = html_of(operator.get(reverse("admin:integrations_customintegration_changelist")))
    assert re.search(r'field-events">1 event<', changelist)


def test_event_is_made_row_by_row(operator: Client, integration: CustomIntegration) -> None:
    address = reverse("admin:webhooks_sendevent_add") + f"?integration={integration.pk}"
    html_of(operator.get(address))
    response = operator.post(address, {"name": "Visit booked", "action": "add"})
    assert len(response.context["form"].field_rows) == 1
    fields = {"row": ["0", "1"], "f0-name": "When", "f0-type": "date", "f0-required": "on",
              "f1-id": "level", "f1-name": "Level", "f1-type": "radio",
              "f1-options": "gold = Gold\nsilver"}  # fmt: skip
    response = operator.post(address, {"name": "Visit booked", "action": "save", **fields})
    made = SendEvent.objects.get()
    assert response.headers["Location"] == page(made)
    assert (made.integration, made.site) == (integration, integration.site)
    assert made.fields == [
        {"id": "field-1", "name": "When", "type": "date", "required": True,
         "default_country_code": "", "options": []},
        {"id": "level", "name": "Level", "type": "radio", "required": False,
         "default_country_code": "",
         "options": [{"id": "gold", "label": "Gold"}, {"id": "silver", "label": "silver"}]},
    ]  # fmt: skip


def test_refused_event_keeps_what_was_typed(operator: Client, event: SendEvent) -> None:
    form = {"name": "", "action": "save", "row": ["0"], "f0-name": "X", "f0-type": "phone"}
    html = html_of(operator.post(page(event), form))
    assert "Not saved" in html
    assert "A phone needs the country code" in html
    event.refresh_from_db()
    assert len(event.fields) == len(FIELDS)


def test_value_per_field_is_sent_in_its_type(
    operator: Client, event: SendEvent, site: Site
) -> None:
    subscribe(site)
    texts = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in VALUES.items()
    }
    response = operator.post(page(event, "send"), send_form(**texts), follow=True)
    assert "It goes out to 1 subscription." in html_of(response)
    payload = json.loads(Event.objects.get(type=send_type(event)).payload)
    assert payload == VALUES | {"mail": "anna@example.com", "phone": "+46701740605"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "This is needed."),
        ({"code": "A", "visits": "1.5"}, "Expected a whole number."),
        ({"code": "A", "total": "1,5"}, "Expected a number."),
        ({"code": "A", "until": "soon"}, "Not a date in ISO 8601"),
        ({"code": "A", "level": "bronze"}, "Select a valid choice"),
    ],
)
def test_value_that_does_not_fit_is_marked(
    operator: Client, event: SendEvent, site: Site, values: dict[str, str], sentence: str
) -> None:
    subscribe(site)
    assert sentence in html_of(operator.post(page(event, "send"), send_form(**values)))
    assert not Event.objects.filter(type=send_type(event)).exists()


def test_sending_to_nobody_says_so(operator: Client, event: SendEvent) -> None:
    response = operator.post(page(event, "send"), send_form(code="A"), follow=True)
    assert "no subscription is told of this event" in html_of(response)


def test_system_is_subscribed_by_url_and_headers(operator: Client, event: SendEvent) -> None:
    form = {
        "subscribe-name": "Warehouse",
        "subscribe-url": "https://receiver.example.com:8443/hook",
        "subscribe-headers": f"Authorization: {SECRET}\n\nX-Shop: 7",
    }
    response = operator.post(page(event, "subscribe"), form, follow=True)
    html = html_of(response)
    assert not response.context["subscribe_form"].errors
    assert "Warehouse" in html
    assert SECRET not in html
    made = Subscription.objects.get()
    assert (made.format_key, made.signing) == ("connectif_send", "none")
    assert made.event_types == [send_type(event)]
    assert made.headers == {"Authorization": SECRET, "X-Shop": "7"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subscribe-url": "ftp://receiver.example.com"}, "http"),
        ({"subscribe-headers": "Authorization"}, "Name: value"),
        ({"subscribe-headers": "X-A: 1\nx-a: 2"}, "is there twice"),
        ({"subscribe-headers": "Host: elsewhere"}, "errorlist"),
        ({"subscribe-name": "", "subscribe-headers": f"Authorization: {SECRET}"}, "errorlist"),
    ],
)
def test_subscription_that_makes_no_sense_is_refused(
    operator: Client, event: SendEvent, change: dict[str, str], sentence: str
) -> None:
    form = {"subscribe-name": "W", "subscribe-url": "https://r.example.com:8443/", **change}
    html = html_of(operator.post(page(event, "subscribe"), form))
    assert "Not added" in html
    assert sentence in html
    assert SECRET not in html
    assert not Subscription.objects.exists()


def test_deletion_says_what_stays_and_is_refused_while_it_is_asked_for(
    client: Client, member: MakeMember, event: SendEvent, site: Site
) -> None:
    client.force_login(member(Role.ADMIN))
    named = subscribe(site, send_type(event), name="Warehouse")
    client.post(page(event, "send"), send_form(code="A"))
    for response in (
        client.get(page(event, "delete"), follow=True),
        client.post(page(event, "delete"), {"post": "yes"}, follow=True),
    ):
        assert "“Warehouse” asked for this event by name" in html_of(response)
    Subscription.objects.filter(pk=named.pk).update(event_types=["send.*"])
    assert "1 event stays" in html_of(client.get(page(event, "delete")))
    client.post(page(event, "delete"), {"post": "yes"})
    assert not SendEvent.objects.exists()
    assert Event.objects.filter(type=send_type(event)).exists()


def test_viewer_reads_and_nothing_else(
    client: Client, member: MakeMember, event: SendEvent, integration: CustomIntegration
) -> None:
    client.force_login(member(Role.VIEWER))
    html = html_of(client.get(page(event)))
    assert "Voucher" in html
    assert "Send now" not in html
    assert client.post(page(event), {"action": "save", "name": "X"}).status_code == 403
    for name in ("send", "subscribe"):
        assert client.post(page(event, name)).status_code == 403
    add = reverse("admin:webhooks_sendevent_add") + f"?integration={integration.pk}"
    assert client.get(add).status_code == 403


def test_integration_of_another_site_takes_no_event(operator: Client) -> None:
    foreign = CustomIntegrationFactory.create(site=SiteFactory.create())
    add = reverse("admin:webhooks_sendevent_add")
    for chosen in (foreign.pk, "0", "x", ""):
        assert operator.get(f"{add}?integration={chosen}").status_code == 404
