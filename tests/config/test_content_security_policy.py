from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from config.content_security_policy import POLICY
from sites.models import User
from tests.factories import PASSWORD


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/livez", "/no-such-page"])
def test_every_answer_carries_the_policy(client: Client, path: str) -> None:
    assert client.get(path).headers["Content-Security-Policy"] == POLICY


def test_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in POLICY
    assert "data:" not in POLICY


@pytest.mark.browser
def test_logging_in_breaks_no_rule_of_the_policy(
    page: Page, live_server: LiveServer, superuser: User
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("Username").fill(superuser.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{live_server.url}/admin/")
    assert complaints == []


@pytest.mark.browser
def test_browser_refuses_an_inline_script(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/login/")
    page.evaluate(
        "() => { const s = document.createElement('script'); s.text = 'window.ran = 1';"
        " document.head.append(s); }"
    )
    assert page.evaluate("() => window.ran") is None
