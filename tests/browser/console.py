"""What every test does with the console in a browser: listen to it, log in, follow a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.factories import PASSWORD

Colours = Literal["light", "dark"]
OpenDesk = Callable[..., Page]

# The button says it for a moment only, which a look now and then may miss.
_KEEP_WORDS = """(button) => {
    new MutationObserver(() => {
        button.dataset.said ??= button.textContent;
    }).observe(button, { childList: true });
}"""


def complaints_of(page: Page) -> list[str]:
    """Return a list that fills with whatever the page's console says."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def log_in(page: Page, url: str, username: str, *, path: str = "/admin/") -> None:
    page.goto(url + path)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    loaded(page)


def follow(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    loaded(page)


def loaded(page: Page) -> None:
    """Wait for the scripts of the page that a click led to: it returns before they have run."""
    page.wait_for_load_state()


def copy(button: Locator) -> None:
    """Press a button that copies, and see it say so."""
    loaded(button.page)
    button.evaluate(_KEEP_WORDS)
    button.click()
    expect(button).to_have_attribute("data-said", re.compile("^(Copied|Selected)$"))
