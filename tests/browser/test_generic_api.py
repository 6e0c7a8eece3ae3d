"""The steps of the manager's documentation, in a real browser: find, expand, configure, try, on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import ApiCall, GenericApi
from sites.models import Site
from tests.browser.console import Colours, OpenDesk, loaded
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers, answers_json, by_method

pytestmark = [pytest.mark.browser, pytest.mark.network]

SECRET = "a-secret-of-the-shop-0123456789"
KNOWN = {"e_mail": "jane@example.com", "full_name": "Jane Doe"}


@pytest.fixture
def api() -> Iterator[HostileApi]:
    behaviour = by_method(GET=answers_json(KNOWN), POST=answers_json({}, 201))
    with HostileApi(behaviour) as running:
        yield running


def follow_to_sites(page: Page, width: int = 1280) -> None:
    """Configuration, then Sites."""
    if width < 860:
        page.locator(".phone-nav > summary").click()
    navigation = page.get_by_role("navigation", name="Pages").filter(visible=True)
    expect(navigation.get_by_text("Configuration")).to_be_visible()
    navigation.get_by_role("link", name="Sites", exact=True).click()


def expand_generic(page: Page) -> Locator:
    """General settings, then Integrations, then Generic."""
    expect(page.get_by_role("heading", name="General settings")).to_be_visible()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    section = page.locator("#section-generic")
    expect(section.get_by_label("Email Key").first).not_to_be_visible()
    section.get_by_role("heading", name="Generic", exact=True).click()
    expect(section.get_by_label("Email Key").first).to_be_visible()
    return section


def configure(section: Locator, api: HostileApi) -> None:
    section.get_by_label("HMAC", exact=True).check()
    section.get_by_label("HMAC secret").fill(SECRET)
    section.get_by_label("Get/Lookup Contact API Endpoint URL").fill(api.url())
    section.get_by_label("Create/Update Contact API Endpoint URL").fill(api.url("/people"))
    section.locator("#id_generic-email_key").fill("e_mail")
    section.locator("#id_generic-name_key").fill("full_name")
    section.get_by_label("Ignore HTTP response codes").fill("500-599, 409")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_operator_configures_tries_and_switches_on(
    desk: OpenDesk, shop: Site, api: HostileApi, width: int, colours: Colours
) -> None:
    page = desk(width, colours)
    follow_to_sites(page, width)
    page.get_by_role("link", name="Nordic Outdoor").click()
    loaded(page)
    section = expand_generic(page)
    configure(section, api)

    section.get_by_label("E-mail", exact=True).fill("jane@example.com")
    section.get_by_role("button", name="Try look-up").click()
    result = section.locator(".trial-result")
    expect(result).to_contain_text("Continues")
    expect(result).to_contain_text("with what stands in the form, which is not saved")
    expect(result).to_contain_text("Jane Doe")
    assert api.requests[0].target == "/contacts?e_mail=jane%40example.com"
    assert not GenericApi.objects.exists()

    section.locator("#id_generic-is_active").check()
    section.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_be_in_viewport()
    expect(page.locator(".messagelist")).to_contain_text("was saved")
    expect(section.locator("summary").first).to_contain_text("Active")
    expect(section.get_by_label("Ignore HTTP response codes")).to_have_value("409, 500-599")
    loaded(page)

    section.get_by_label("The saved settings").check()
    section.get_by_label("E-mail", exact=True).fill("jane@example.com")
    section.get_by_role("button", name="Try create/update").click()
    expect(result).to_contain_text("with the saved settings")
    assert api.requests[1].json() == {"e_mail": "jane@example.com"}
    assert GenericApi.objects.get().hmac_secret == SECRET
    assert SECRET not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_edit_in_the_three_dots_menu_leads_to_the_same_page(desk: OpenDesk, shop: Site) -> None:
    page = desk()
    follow_to_sites(page)
    row = page.get_by_role("row").filter(has_text="Nordic Outdoor")
    row.get_by_label("Menu of Nordic Outdoor").click()
    row.get_by_role("link", name="Edit").click()
    expand_generic(page)


def open_section(page: Page, live_server: LiveServer, site: Site) -> Locator:
    page.goto(f"{live_server.url}/admin/sites/site/{site.pk}/change/?section=generic")
    return page.locator("#section-generic")


def test_only_the_fields_of_the_method_are_shown(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    section = open_section(desk(), live_server, shop)
    own = {
        "Header": section.get_by_label("Header name"),
        "HMAC": section.get_by_label("Signature header"),
        "API Key": section.get_by_label("API key name"),
    }
    for method in own:
        section.get_by_label(method, exact=True).check()
        for other, field in own.items():
            expect(field).to_be_visible(visible=other == method)
    section.get_by_label("HMAC", exact=True).check()
    timestamp = section.get_by_label("Timestamp header")
    expect(timestamp).not_to_be_visible()
    section.get_by_label("What is signed").select_option("timestamp")
    expect(timestamp).to_be_visible()


def test_worked_example_follows_the_form_while_one_types(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    section = open_section(desk(), live_server, shop)
    example = section.locator("#generic-example")
    expect(example).to_contain_text("Authorization: example-secret")
    section.get_by_label("Header name").fill("X-Onsite-Token")
    expect(example).to_contain_text("X-Onsite-Token: example-secret")
    section.get_by_label("HMAC", exact=True).check()
    section.get_by_label("Prefix").fill("sha256=")
    expect(example).to_contain_text(re.compile(r"X-Signature: sha256=[0-9a-f]{64}"))
    section.locator("#id_generic-email_key").fill("e_mail")
    expect(example).to_contain_text("?e_mail=jane%40example.com")
    expect(example).to_contain_text("as the form stands")


def test_blocked_visitor_is_let_on_by_the_setting_that_the_try_names(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    section = open_section(desk(), live_server, shop)
    result = section.locator(".trial-result")
    with HostileApi(answers(409, b'{"why": "<img src=x onerror=alert(1)>"}')) as api:
        configure(section, api)
        section.get_by_label("Ignore HTTP response codes").fill("")
        section.get_by_label("E-mail", exact=True).fill("jane@example.com")
        # Enter in the test contact tries; it must not save the settings.
        section.get_by_label("E-mail", exact=True).press("Enter")
        expect(result).to_contain_text("Blocked")
        expect(result).to_contain_text("add 409 to “Ignore HTTP response codes”")
        expect(result).to_contain_text("<img src=x onerror=alert(1)>")
        section.get_by_label("Ignore HTTP response codes").fill("409")
        section.get_by_role("button", name="Try look-up").click()
        expect(result).to_contain_text("Ignored")
    assert not GenericApi.objects.exists()
    assert ApiCall.objects.count() == 2


def test_options_are_added_and_removed_in_place(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    page = desk()
    section = open_section(page, live_server, shop)
    rows = section.locator(".option-row")
    for key in ("pet", "newsletter", "left_out"):
        section.get_by_role("button", name="Add an option").click()
        rows.last.get_by_label("Key", exact=True).fill(key)
    expect(rows.first.get_by_label("Allowed values")).not_to_be_visible()
    rows.first.get_by_label("Type").select_option("choice")
    rows.first.get_by_label("Allowed values").fill("Dog\nCat")
    rows.nth(1).get_by_label("Type").select_option("boolean")
    rows.nth(1).get_by_label("Stored as").select_option("email_preference")
    rows.last.get_by_role("button", name="Remove this option").click()
    section.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_contain_text("was saved")
    pet, newsletter = GenericApi.objects.get().custom_options
    assert (pet["key"], pet["values"]) == ("pet", ["Dog", "Cat"])
    assert newsletter["stored_as"] == "email_preference"
    section.get_by_text("Options (2)").click()
    expect(section.locator("#id_trial-option-pet")).to_be_visible()


def test_everything_works_without_scripts(
    desk: OpenDesk, live_server: LiveServer, shop: Site, api: HostileApi
) -> None:
    page = desk(java_script_enabled=False)
    section = open_section(page, live_server, shop)
    configure(section, api)
    row = section.locator(".option-row").first
    row.get_by_label("Key", exact=True).fill("pet")
    section.get_by_label("E-mail", exact=True).fill("jane@example.com")
    section.get_by_role("button", name="Try look-up").click()
    expect(section.locator(".trial-result")).to_contain_text("Jane Doe")
    # A secret is never given back: it has to be typed again.
    section.get_by_label("HMAC secret").fill(SECRET)
    section.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_contain_text("was saved")
    assert GenericApi.objects.get().custom_options[0]["key"] == "pet"


def test_an_address_with_the_sections_name_opens_it(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    page = desk()
    page.goto(f"{live_server.url}/admin/sites/site/{shop.pk}/change/#section-generic")
    expect(page.locator("#id_generic-email_key")).to_be_visible()
