"""The page that shows the schema, in a real browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.api.installation import Installation
from tests.factories import API_KEY_SECRET

pytestmark = pytest.mark.browser


def open_docs(page: Page, live_server: LiveServer) -> list[str]:
    """Open the page; return what the browser complains of and what it asks of others, so far."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    home = urlsplit(live_server.url).netloc
    page.on(
        "request",
        lambda request: (
            complaints.append(request.url) if urlsplit(request.url).netloc != home else None
        ),
    )
    page.goto(f"{live_server.url}/api/docs")
    expect(page.get_by_role("heading", name="Custom events")).to_be_visible()
    return complaints


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_needs_nobody_else_and_fits(
    browser: Browser, live_server: LiveServer, scheme: str, width: int
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    complaints = open_docs(page, live_server)
    for operation in ("createCustomEventByAlias", "sendAppEvents"):
        page.locator(f"#operations-Custom_events-{operation} .opblock-summary-control").click()
        expect(
            page.locator(f"#operations-Custom_events-{operation} .responses-table")
        ).to_be_visible()
    page.locator(".btn.authorize").click()
    expect(page.get_by_text("Available authorizations")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []
    context.close()


def test_a_request_is_tried_on_the_page(
    page: Page, live_server: LiveServer, installation: Installation
) -> None:
    complaints = open_docs(page, live_server)
    page.locator(".btn.authorize").click()
    dialog = page.locator(".modal-ux")
    box = dialog.locator(".auth-container").filter(has_text="ApiKey (apiKey)").first
    box.get_by_role("textbox").fill(f"ApiKey {installation.key.key_id}:{API_KEY_SECRET}")
    box.get_by_role("button", name="Apply credentials").click()
    dialog.locator(".close-modal").click()
    operation = page.locator("#operations-Contacts-readContactByEmail")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status")).to_contain_text(
        "200"
    )
    assert complaints == []
