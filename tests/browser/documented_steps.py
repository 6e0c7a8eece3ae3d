"""Connectif's documented steps 2.1 to 2.4, as an operator takes them in the console."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.console import copy, follow, loaded


def add_field(page: Page, name: str, field_id: str, kind: str, target: str) -> Locator:
    """Add a row with the button and fill it in."""
    page.get_by_role("button", name="Add a new field").click()
    row = page.locator("[data-field-row]").last
    row.get_by_label("Name", exact=True).fill(name)
    row.get_by_label("Id", exact=True).fill(field_id)
    row.get_by_label("Type", exact=True).select_option(label=kind)
    row.get_by_label("Writes to").select_option(target)
    return row


def create_integration(page: Page) -> None:
    """2.1: Integrations > Custom, Create new integration, name, colour, Update."""
    follow(page, "Custom integrations")
    page.get_by_role("link", name="Create new integration").click()
    page.get_by_label("Name").fill("ERP")
    page.get_by_label("Orange").check()
    page.get_by_label("Description").fill("Purchases and loyalty levels.")
    page.get_by_label("Category").select_option(label="ERP")
    page.get_by_role("button", name="Update").click()


def open_event_editor(page: Page, connection: str) -> None:
    """Choose the connection type in the pop-up, and go to the editor."""
    loaded(page)
    page.get_by_role("link", name="Create new reception event").click()
    page.get_by_role("dialog").get_by_label(connection).check()
    page.get_by_role("dialog").get_by_role("button", name="Go to editor").click()
    loaded(page)


def create_event(page: Page, connection: str, name: str) -> None:
    """2.2: the tab Receive data, the connection type in the pop-up, the editor, Save."""
    expect(page.get_by_role("link", name="Receive data")).to_have_attribute("aria-current", "page")
    open_event_editor(page, connection)
    page.locator("#id_name").fill(name)
    add_field(page, "Name", "name", "Text", "system:_name")
    phone = add_field(page, "Phone", "phone", "Phone", "system:_mobilePhone")
    phone.get_by_label("Default country code").fill("34")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text(f"{name} is ready")


def create_key(page: Page) -> str:
    """2.3: API keys, a new key that may write custom events, its value."""
    follow(page, "API keys")
    page.get_by_role("link", name="Add API key").click()
    page.get_by_label("Name").fill("ERP")
    page.get_by_role("row").filter(has_text="Custom events").get_by_role("checkbox").check()
    page.get_by_role("button", name="Make the key").click()
    header = page.locator("#authorization-header").inner_text()
    return header.removeprefix("Authorization: ApiKey ")


def copied_url(page: Page, event: str) -> str:
    """2.4: the tab Receive data, Edit, Copy URL."""
    follow(page, "Custom integrations")
    page.get_by_role("link", name="ERP").click()
    page.get_by_role("row").filter(has_text=event).get_by_role("link", name="Edit").click()
    copy(page.locator('[data-copy-from="event-url"]'))
    return page.locator("#event-url").inner_text()
