"""A form whose answer takes its time, and somebody who presses its button again."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from sites.models import Role, Site
from tests.browser.console import OpenDesk, loaded

pytestmark = [pytest.mark.browser, pytest.mark.network]

# Keeps the forms from being sent, and counts those that would have been.
_PRESS_TWICE = """(button) => {
    let sent = 0;
    window.addEventListener('submit', (event) => {
        sent += event.defaultPrevented ? 0 : 1;
        event.preventDefault();
    });
    const press = () => { button.click(); button.click(); return sent; };
    const first = press();
    // As when the visitor comes back to the page.
    window.dispatchEvent(new Event('pageshow'));
    return [first, press()];
}"""


@pytest.fixture
def role() -> Role:
    return Role.ADMIN


def test_a_second_click_sends_nothing(desk: OpenDesk, live_server: LiveServer, shop: Site) -> None:
    page = desk()
    page.goto(f"{live_server.url}/admin/sites/apikey/add/?site={shop.pk}")
    loaded(page)
    page.get_by_label("Name", exact=True).fill("Web shop")
    page.get_by_label("Send custom events").check()
    button = page.get_by_role("button", name="Make the key")
    assert button.evaluate(_PRESS_TWICE) == [1, 2]
