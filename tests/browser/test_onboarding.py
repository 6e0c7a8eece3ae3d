"""A new operator's first quarter of an hour, in a real browser on real processes."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Page, expect

from config.database_start import FIRST_OPERATOR
from tests.browser.console import complaints_of, copy, follow, loaded, log_in
from tests.factories import PASSWORD
from tests.processes.conftest import StartStack
from tests.processes.stack import LiveStack
from tests.processes.waiting import eventually
from webhooks.inbound.models import ReceivedEvent, RejectedRequest, Status

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network]

SECRET = "whsec_" + base64.b64encode(b"as the Svix portal would show it").decode()


@dataclass
class Desk:
    """The browser at the console, and everything its own console complained about."""

    page: Page
    stack: LiveStack
    complaints: list[str]


@pytest.fixture
def desk(page: Page, start_stack: StartStack) -> Desk:
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD=PASSWORD)
    desk = Desk(page, stack, complaints_of(page))
    log_in(page, stack.url, FIRST_OPERATOR)
    return desk


def send(curl_line: str, **replaced: str) -> requests.Response:
    """Send what the ready curl line says, with some headers replaced."""
    words = shlex.split(curl_line)
    pairs = [words[place + 1] for place, word in enumerate(words) if word == "-H"]
    headers = dict(pair.split(": ", 1) for pair in pairs) | replaced
    body = words[words.index("--data-raw") + 1]
    return requests.post(words[-1], data=body.encode(), headers=headers, timeout=30)


def add_site(desk: Desk) -> None:
    desk.page.get_by_role("link", name="Add a site").click()
    loaded(desk.page)
    desk.page.get_by_label("Name:", exact=True).press_sequentially("Nordic Outdoor")
    expect(desk.page.get_by_label("Slug")).to_have_value("nordic-outdoor")
    desk.page.get_by_role("button", name="Add the site").click()


def add_engage(desk: Desk) -> str:
    """Add the source and return the address that its page offers for copying."""
    desk.page.get_by_role("link", name="Add a source").click()
    desk.page.get_by_role("link", name="Voyado Engage").click()
    desk.page.get_by_label("Signing secrets").fill(SECRET)
    desk.page.get_by_role("button", name="Add the source").click()
    address = desk.page.locator("#source-url").inner_text()
    copy(desk.page.locator("#connect .copy-button").first)
    return address


def ready_line(desk: Desk, sample: str) -> str:
    desk.page.get_by_label("Sample", exact=True).select_option(sample)
    desk.page.wait_for_url(re.compile(f"sample={sample}"))
    return desk.page.locator("#curl-line").inner_text()


def test_operator_connects_engage_and_repairs_a_broken_signature(desk: Desk) -> None:
    expect(desk.page.get_by_text("Add your first site")).to_be_visible()
    expect(desk.page.get_by_text("No worker is running")).to_have_count(0)
    add_site(desk)
    address = add_engage(desk)
    assert SECRET not in desk.page.content()

    line = ready_line(desk, "contact.created.json")
    assert line.endswith(address)
    accepted = send(line)
    assert accepted.status_code == 200, accepted.text
    eventually(
        lambda: ReceivedEvent.objects.filter(status=Status.PROCESSED).exists(),
        what="the event worked off",
    )

    follow(desk.page, "Received events")
    expect(desk.page.locator("#result_list")).to_contain_text("contact.created")
    desk.page.locator("#result_list tbody a").first.click()
    expect(desk.page.locator("#content")).to_contain_text("Processed")
    follow(desk.page, "Contacts")
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(1)

    broken = send(line, **{"svix-signature": "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
    assert 400 <= broken.status_code < 500
    eventually(RejectedRequest.objects.exists, what="the rejected request written")
    follow(desk.page, "Rejected requests")
    expect(desk.page.locator("#result_list")).to_contain_text("Bad signature", ignore_case=True)
    desk.page.locator("#result_list tbody a").first.click()
    expect(
        desk.page.get_by_text("Copy the signing secret from the sender's page again")
    ).to_be_visible()
    assert desk.complaints == []


def test_operator_tries_a_sample_before_anything_is_connected(desk: Desk) -> None:
    add_site(desk)
    add_engage(desk)
    desk.page.get_by_label("Sample", exact=True).select_option("contact.created.json")
    desk.page.wait_for_url(re.compile("sample=contact.created.json"))
    desk.page.get_by_role("button", name="See what it would change").first.click()
    expect(desk.page.get_by_text("Would create a contact")).to_be_visible()
    expect(desk.page.get_by_text("Nothing was saved")).to_be_visible()
    follow(desk.page, "Contacts")
    expect(desk.page.locator("#result_list")).to_have_count(0)
    assert desk.complaints == []
