"""Contacts in and out in a real browser on real processes: files work their way by the qcluster."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.database_start import FIRST_OPERATOR
from contacts.models import Contact
from sites.models import Job, JobState
from tests.browser.console import complaints_of, log_in
from tests.factories import PASSWORD, ContactFieldFactory, SiteFactory
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network]

BOO = "<script>document.title='boo'</script>"


def test_operator_imports_a_file_corrects_it_and_exports(
    page: Page, transactional_db: None, start_stack: StartStack, tmp_path: Path
) -> None:
    site = SiteFactory.create(name="Nordic Outdoor")
    ContactFieldFactory.create(site=site, field_id="level", name="Level")
    complaints = complaints_of(page)
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD=PASSWORD)
    rows = [f"p{number}@example.com;{BOO};yes;=1+{number};x" for number in range(1200)]
    rows[700] = "broken;X;perhaps;;x"
    file = tmp_path / "people.csv"
    file.write_text("E-mail;First name;accepts_email;Level;Shoe\n" + "\n".join(rows) + "\n")

    log_in(page, stack.url, FIRST_OPERATOR, path="/admin/contacts/contact/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    content = page.locator("#content")
    expect(content).to_contain_text("“Shoe” is no column of contacts")
    expect(content).to_contain_text("Preview of the first 200 rows")
    # The page asks by itself how far the check is, and shows its end without a reload by hand.
    start = page.get_by_role("button", name="Start the import")
    expect(start).to_be_visible(timeout=60_000)
    expect(content).to_contain_text("1,199 of 1,200 rows would add or change a contact")
    expect(content).to_contain_text("Accepts e-mail: Write yes or no.")
    assert not Contact.objects.exists()
    start.click()
    expect(page.locator("h1")).to_contain_text("Imported, some rows refused", timeout=60_000)
    assert Contact.objects.count() == 1199

    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download the refused rows").click()
    (refused,) = csv.DictReader(
        fetched.value.path().read_text("utf-8-sig").splitlines(), delimiter=";"
    )
    assert (refused["import_line"], refused["E-mail"]) == ("702", "broken")

    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.get_by_role("link", name="Export", exact=True).click()
    expect(content).to_contain_text("1,199 contacts would be exported")
    page.get_by_role("button", name="Export", exact=True).click()
    written = Job.objects.filter(kind="contact_export", state=JobState.DONE)
    eventually(written.exists, what="the export is written")
    page.get_by_role("link", name="Refresh").click()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="contacts-").click()
    exported = list(csv.DictReader(fetched.value.path().read_text("utf-8-sig").splitlines()))
    assert len(exported) == 1199
    assert {row["level"][:4] for row in exported} == {"'=1+"}
    assert page.title() != "boo"
    assert complaints == []
