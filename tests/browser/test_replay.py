"""Repair in a real browser on real processes: what failed is replayed after the fix."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from config.database_start import FIRST_OPERATOR
from contacts.models import Contact
from tests.browser.console import complaints_of, loaded, log_in
from tests.factories import PASSWORD, SiteFactory, SourceFactory
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from webhooks.inbound.models import ReceivedEvent, Source, Status

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network]

UNSIGNED = {"verification": "none", "unsigned_reason": "A test without a sender."}


@pytest.fixture
def source(transactional_db: None) -> Source:
    """A source whose mapping looks for the e-mail in the wrong place."""
    return SourceFactory.create(
        site=SiteFactory.create(name="Nordic Outdoor"),
        settings={**UNSIGNED, "email_pointer": "/mail"},
    )


def test_operator_corrects_a_mapping_and_replays_what_failed(
    page: Page, source: Source, start_stack: StartStack
) -> None:
    complaints = complaints_of(page)
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD=PASSWORD)
    for number in range(3):
        sent = {
            "email": f"jane{number}@example.com",
            "note": "<script>document.title='boo'</script>",
        }
        answer = requests.post(stack.url + source.reception_path, json=sent, timeout=30)
        assert answer.status_code == 200, answer.text
    failed = ReceivedEvent.objects.filter(status=Status.FAILED)
    eventually(lambda: failed.count() == 3, what="all three failed")

    log_in(page, stack.url, FIRST_OPERATOR, path="/admin/webhooks/receivedevent/")
    page.get_by_role("link", name=re.compile("Failed 3")).click()
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("#content")).to_contain_text("Failed after 1 try")
    expect(page.locator("pre.payload")).to_contain_text("<script>")
    expect(page.locator("pre.payload")).not_to_contain_text("jane2@example.com")
    page.get_by_role("button", name="Show personal values").click()
    expect(page.locator("pre.payload")).to_contain_text("jane2@example.com")

    source.settings = {**UNSIGNED, "email_pointer": "/email"}
    source.save()
    page.get_by_role("link", name="Received events", exact=True).first.click()
    page.get_by_role("link", name=re.compile("Failed 3")).click()
    loaded(page)
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("replay_selected")
    page.get_by_role("button", name="Go").click()
    expect(page.locator("#content")).to_contain_text("3 events would be replayed")
    page.get_by_role("button", name="Replay 3 events").click()
    # The page asks by itself how far the job is, and shows its end without a reload by hand.
    expect(page.locator("h1")).to_contain_text("Done")
    expect(page.locator("#job-words")).to_contain_text("3 of 3")

    done = ReceivedEvent.objects.filter(status=Status.PROCESSED)
    eventually(lambda: done.count() == 3, what="all three processed")
    assert Contact.objects.count() == 3
    page.get_by_role("link", name="Received events", exact=True).first.click()
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("#content")).to_contain_text("1 contact changed")
    expect(page.locator("#content")).to_contain_text("Replay asked for")
    assert page.title() != "boo"
    assert complaints == []
