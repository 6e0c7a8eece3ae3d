"""Two members with the same segment open: what the second one sees, and presses."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from automation.models import Segment
from sites.models import Site
from tests.automation.segments.made import field, segment
from tests.browser.console import OpenDesk

pytestmark = [pytest.mark.browser, pytest.mark.network]


def test_the_second_one_looks_before_saving_anyway(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    row = segment(shop, field("city", "eq", "Malmö"), name="Malmö")
    url = f"{live_server.url}/admin/automation/segment/{row.pk}/change/?tab=rule"
    first, second = desk(), desk(width=390, colours="dark")
    for page in (first, second):
        page.goto(url)
    first.get_by_label("Name", exact=True).fill("People of Malmö")
    first.locator(".save-bar").get_by_role("button", name="Save").click()
    expect(first.get_by_text("was saved")).to_be_visible()
    name = second.get_by_label("Name", exact=True)
    name.fill("Malmö and around")
    second.locator(".save-bar").get_by_role("button", name="Save").click()
    expect(second.get_by_text("after you opened it")).to_be_visible()
    expect(second.get_by_text("What changed: name.")).to_be_visible()
    expect(name).to_have_value("Malmö and around")
    # Enter is the plain Save, and refused again.
    with second.expect_navigation():
        name.press("Enter")
    expect(second.get_by_text("after you opened it")).to_be_visible()
    with second.expect_popup() as opened:
        second.get_by_role("link", name="Open the current state in a new tab").click()
    expect(opened.value.get_by_label("Name", exact=True)).to_have_value("People of Malmö")
    assert Segment.objects.get().name == "People of Malmö"
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    second.get_by_role("button", name="Save anyway").click()
    expect(second.get_by_text("was saved")).to_be_visible()
    assert Segment.objects.get().name == "Malmö and around"
