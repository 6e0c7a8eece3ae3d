"""The portal in a real browser: forms are taken, nothing is complained of, and it fits a phone."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from sites.models import Site
from tests.factories import SiteFactory
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers
from tests.webhooks.delivery_log import attempt, delivery
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.portal.holding import Holder
from webhooks.models import DeliveryStatus, Subscription
from webhooks.outbound.portal import guarding

pytestmark = [pytest.mark.browser, pytest.mark.network]


@pytest.fixture
def brand(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Site:
    # Clicks here come faster than a person's.
    monkeypatch.setattr(guarding, "ACTS_PER_SECOND", 1_000)
    monkeypatch.setattr(guarding, "PAGES_PER_SECOND", 1_000)
    return SiteFactory.create(name="Brand")


def watched(page: Page, home: str, complaints: list[str]) -> None:
    """Note what the browser complains of, asks of others, and tells of the address."""

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def look_at(request: Request) -> None:
        if urlsplit(request.url).netloc != home:
            complaints.append(request.url)
        if "/portal/" in request.headers.get("referer", ""):
            complaints.append(f"told the address to {request.url}")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", look_at)


def some_deliveries(subscription: Subscription) -> None:
    for number in range(3):
        failed = delivery(subscription, last_status_code=503, last_error="status", attempts=8)
        attempt(failed, number=8, next_at=None, duration_ms=80 + number)
    delivery(subscription, DeliveryStatus.SUCCEEDED, last_status_code=200)
    delivery(subscription, DeliveryStatus.RETRYING, last_error="timeout")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_holder_looks_around(
    browser: Browser, live_server: LiveServer, brand: Site, scheme: str, width: int
) -> None:
    with HostileApi(answers(200)) as server:
        subscription = saved(brand, name="Warehouse", url=server.url("/hooks"))
        holder = Holder(subscription, name="W" * 80)
        some_deliveries(holder.subscription)
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        complaints: list[str] = []
        watched(page, urlsplit(live_server.url).netloc, complaints)
        page.goto(f"{live_server.url}{holder.path}")
        shown(page, "overview", scheme, width)

        page.get_by_role("button", name="Send the example").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("contact.")
        expect(page.get_by_text("The receiver took it")).to_be_visible()
        shown(page, "delivery", scheme, width)

        page.get_by_role("link", name="Warehouse").click()
        page.get_by_role("button", name="See what would be sent").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("would be sent again")
        shown(page, "plan", scheme, width)
        page.get_by_role("button", name="Send 3 again").click()
        expect(page.get_by_text("0 of 3")).to_be_visible()

        page.get_by_role("button", name="Make a new secret").click()
        expect(page.locator("#signing-secret")).to_contain_text("whsec_")
        shown(page, "secret", scheme, width)
        page.goto(f"{live_server.url}/portal/over")
        expect(page.get_by_role("heading", level=1)).to_contain_text("does not open anything")
        shown(page, "over", scheme, width)
        context.close()
    not_found = [each for each in complaints if "404" in each]
    assert len(not_found) == 1
    assert complaints == not_found


def shown(page: Page, name: str, scheme: str, width: int) -> None:
    """Hold the page to its width; keep a picture of it where somebody asked for pictures."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if folder := os.environ.get("PATCHBAY_TEST_PICTURES"):
        picture = Path(folder) / f"portal-{name}-{scheme}-{width}.png"
        page.screenshot(path=picture, full_page=True)
