"""Connectif's documented steps 2.1 to 2.5, in a real browser on real processes, and the editor."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import requests
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from config.database_start import FIRST_OPERATOR
from contacts.models import Contact
from integrations.models import CustomIntegration
from sites.models import Site
from tests.browser.console import Colours, OpenDesk, complaints_of, follow, log_in
from tests.browser.documented_steps import (
    add_field,
    copied_url,
    create_event,
    create_integration,
    create_key,
)
from tests.factories import PASSWORD, SiteFactory
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent, Status

pytestmark = [pytest.mark.browser, pytest.mark.network]

BODY = {
    "customer": {"e/mail": "jane@example.com", "phone": "070-123 45 67"},
    "order": {"total": 499.5, "lines": [{"sku": "A-1"}, {"sku": "B~2"}]},
}


@pytest.mark.processes
def test_operator_follows_the_documented_steps_and_sees_the_contact(
    page: Page, transactional_db: None, start_stack: StartStack
) -> None:
    complaints = complaints_of(page)
    SiteFactory.create(name="Nordic Outdoor", default_country="ES")
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD=PASSWORD)
    log_in(page, stack.url, FIRST_OPERATOR)
    create_integration(page)
    create_event(page, "Public API", "API event example")
    curl = page.locator("#event-curl").inner_text()
    page.get_by_role("link", name="Back to event list").click()
    create_event(page, "Webhook", "Webhook event example")
    page.get_by_role("link", name="Back to event list").click()
    key = create_key(page)

    url = copied_url(page, "API event example")
    assert url.endswith("/custom-events/alias/api-event-example")
    body = {"email": "john.doe@example.org", "phone": "666777888", "name": "John"}
    headers = {"Authorization": f"ApiKey {key}"}
    unknown = requests.post(url, json=body, headers=headers, timeout=30)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "E0501")
    sent = requests.post(f"{url}?createContact=true", json=body, headers=headers, timeout=30)
    assert (sent.status_code, len(sent.json()["id"])) == (201, 24)
    assert send_line(curl.replace("YOUR-KEY-ID:YOUR-SECRET", key)) == 201

    webhook = copied_url(page, "Webhook event example")
    other = body | {"email": "ann@example.org", "unknown": [1]}
    assert requests.post(webhook, json=other, timeout=30).status_code == 201
    done = ReceivedEvent.objects.filter(status=Status.PROCESSED)
    eventually(lambda: done.count() == 3, what="the three events worked off")
    john = Contact.objects.get(email="john.doe@example.org")
    assert (john.first_name, Contact.objects.count()) == ("Example text", 2)
    assert Contact.objects.get(email="ann@example.org").phone == "+34666777888"

    follow(page, "Contacts")
    page.get_by_role("link", name=re.compile("ann@example.org")).first.click()
    expect(page.locator("#content")).to_contain_text("webhook-event-example")
    expect(page.locator("#content")).to_contain_text("+34666777888")
    assert complaints == []


def send_line(curl: str) -> int:
    words = shlex.split(curl)
    pairs = [words[place + 1] for place, word in enumerate(words) if word == "-H"]
    headers = dict(pair.split(": ", 1) for pair in pairs)
    body = words[words.index("--data-raw") + 1]
    return requests.post(words[-1], data=body.encode(), headers=headers, timeout=30).status_code


# -- the editor ------------------------------------------------------------------------------------


@pytest.fixture
def integration(shop: Site) -> CustomIntegration:
    return custom_integration(shop, name="ERP")


def open_editor(page: Page, server: LiveServer, integration: CustomIntegration) -> None:
    """Open the editor of a new webhook."""
    add = f"{server.url}/admin/webhooks/receptionevent/add/"
    page.goto(f"{add}?integration={integration.pk}&context=webhook")


def field_ids(page: Page) -> list[str]:
    inputs = page.locator('[data-field-row] input[name$="-id"]')
    return [each.input_value() for each in inputs.all()]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_values_that_are_clicked_become_pointers(
    desk: OpenDesk,
    live_server: LiveServer,
    integration: CustomIntegration,
    width: int,
    colours: Colours,
) -> None:
    page = desk(width, colours)
    open_editor(page, live_server, integration)
    page.locator("#id_name").fill("Köp i butik")
    expect(page.locator("#id_alias")).to_have_value("kop-i-butik")
    add_field(page, "Total", "total", "Decimal", "")
    add_field(page, "Second line", "second", "Text", "")
    result = page.locator("#tester-result")
    page.get_by_label("Paste a body").fill(json.dumps(BODY))
    page.get_by_role("button", name="Test the fields").click()
    expect(result).to_contain_text("422")
    expect(result).to_contain_text("email: Required field is missing.")

    page.locator("[data-field-row]").first.get_by_label("Name", exact=True).click()
    result.get_by_role("button", name="jane@example.com").click()
    expect(result).to_contain_text("It would be accepted.")
    expect(page.locator('[name="f0-pointer"]')).to_have_value("/customer/e~1mail")
    page.locator('[data-field-row="1"]').get_by_label("Name", exact=True).click()
    result.get_by_role("button", name="499.5").click()
    expect(result.locator(".tester-fields")).to_contain_text("/order/total")
    page.locator("[data-field-row]").last.get_by_label("Name", exact=True).click()
    result.get_by_role("button", name="B~2").click()
    expect(result.locator(".tester-fields")).to_contain_text("/order/lines/1/sku")
    assert not ReceptionEvent.objects.exists()

    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text("Köp i butik is ready")
    pointers = ReceptionEvent.objects.get().fields.values_list("pointer", flat=True)
    assert list(pointers) == ["/customer/e~1mail", "/order/total", "/order/lines/1/sku"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_rows_are_reordered_by_buttons_keys_and_the_mouse(
    desk: OpenDesk, live_server: LiveServer, integration: CustomIntegration
) -> None:
    page = desk()
    open_editor(page, live_server, integration)
    for name in ("second", "third"):
        add_field(page, name.title(), name, "Text", "")
    assert field_ids(page) == ["email", "second", "third"]
    page.get_by_role("button", name="Move").and_(page.locator('[value="up-2"]')).click()
    assert field_ids(page) == ["email", "third", "second"]
    page.locator('[name="f0-name"]').press("Alt+ArrowDown")
    assert field_ids(page) == ["third", "email", "second"]
    page.locator('[data-field-row="1"] [data-drag-handle]').drag_to(
        page.locator('[data-field-row="2"] [data-drag-handle]'), target_position={"x": 2, "y": 2}
    )
    assert field_ids(page) == ["second", "third", "email"]
    page.locator('[value="remove-2"]').click()
    assert field_ids(page) == ["second", "email"]
    page.locator("#id_name").fill("Visit")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text("Visit is ready")
    ids = (
        ReceptionEvent.objects.get().fields.order_by("position").values_list("field_id", flat=True)
    )
    assert list(ids) == ["second", "email"]


def test_only_targets_of_the_type_and_settings_of_the_check_are_offered(
    desk: OpenDesk, live_server: LiveServer, integration: CustomIntegration
) -> None:
    page = desk()
    open_editor(page, live_server, integration)
    row = add_field(page, "When", "when", "Date", "system:_birthdate")
    expect(row.locator('option[value="system:_points"]')).to_be_disabled()
    expect(row.get_by_label("Default country code")).not_to_be_visible()
    row.get_by_label("Type", exact=True).select_option(label="Radio")
    expect(row.get_by_label("Options")).to_be_visible()
    expect(page.get_by_label("Token header")).not_to_be_visible()
    page.get_by_label("How requests are checked").select_option("token_header")
    expect(page.get_by_label("Token header")).to_be_visible()


def test_everything_works_without_scripts(
    desk: OpenDesk, live_server: LiveServer, integration: CustomIntegration
) -> None:
    page = desk(java_script_enabled=False)
    page.goto(f"{live_server.url}/admin/integrations/customintegration/{integration.pk}/change/")
    page.get_by_role("link", name="Create new reception event").click()
    page.get_by_label("Webhook").check()
    page.get_by_role("button", name="Go to editor").click()
    page.locator("#id_name").fill("Visit")
    page.locator('[name="f0-pointer"]').fill("/customer/e~1mail")
    page.get_by_role("button", name="Add a new field").click()
    page.locator('[name="f1-name"]').fill("Total")
    page.locator('[name="f1-pointer"]').fill("/order/total")
    page.locator('[value="up-1"]').click()
    page.get_by_label("Paste a body").fill(json.dumps(BODY))
    page.get_by_role("button", name="Test the fields").click()
    expect(page.locator("#tester-result")).to_contain_text("It would be accepted.")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text("Visit is ready")
    event = ReceptionEvent.objects.get()
    assert event.alias == "visit"
    assert [field.name for field in event.fields.order_by("position")] == ["Total", "E-mail"]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(
    desk: OpenDesk, live_server: LiveServer, shop: Site, width: int, colours: Colours
) -> None:
    long = "Loyalty programme " + "withoutanyplacewhereitcouldbebroken" * 2
    integration = custom_integration(shop, name=long, description=long)
    options = [{"id": "o" * 60, "label": long}]
    field = {"field_id": "f" * 60, "name": long, "type": "radio", "options": options}
    event = reception_event(
        integration, field | {"pointer": "/" + long}, context=Context.WEBHOOK, name=long,
        alias="a" * 80,
    )  # fmt: skip
    page = desk(width, colours)
    for path in (
        "integrations/customintegration/",
        "integrations/customintegration/add/",
        f"integrations/customintegration/{integration.pk}/change/",
        f"integrations/customintegration/{integration.pk}/change/?tab=settings",
        "webhooks/receptionevent/",
        f"webhooks/receptionevent/{event.pk}/change/",
        f"webhooks/receptionevent/{event.pk}/saved/",
        f"sites/site/{shop.pk}/change/?section=custom",
    ):
        page.goto(f"{live_server.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
