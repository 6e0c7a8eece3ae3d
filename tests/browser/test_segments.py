"""A segment made by clicking: built, previewed, saved and computed, with scripts and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from automation.models import Segment
from contacts.models import Contact
from sites.jobs import run_job_slice
from sites.models import Job, Role, Site
from tests.automation.segments.made import (
    activity,
    computed,
    contact,
    did,
    document,
    field,
    group,
    segment,
)
from tests.browser.console import Colours, OpenDesk, loaded
from tests.factories import ContactFieldFactory, SiteFactory

pytestmark = [pytest.mark.browser, pytest.mark.network]

LONG = "A rather long name " + "withoutanyplacewhereitcouldbebroken" * 2


@pytest.fixture
def shop(live_server: LiveServer) -> Site:
    """Two people in Malmö who bought, one of whom bounced, and one in Lund."""
    site = SiteFactory.create(name="Nordic Outdoor")
    ContactFieldFactory.create(
        site=site, field_id="tier", name="Tier", type="radio",
        options=[{"id": "gold", "label": "Gold"}, {"id": "silver", "label": "Silver"}],
    )  # fmt: skip
    for name, city, status in (("ann", "Malmö", "active"), ("bo", "Malmö", "bounced"),
                               ("cia", "Lund", "active")):  # fmt: skip
        person = contact(site, email=f"{name}@example.com", city=city, email_status=status)
        activity(person, "orderPlaced", total=250, sku="A-1")
    return site


@pytest.fixture
def role() -> Role:
    return Role.ADMIN


def conditions(group: Locator) -> Locator:
    """Return the conditions that stand in a group itself."""
    return group.locator("> .rule-items > li > .rule-condition")


def choose(condition: Locator, subject: str, *, scripts: bool) -> None:
    """Say what a condition is about, and wait for the inputs that fit."""
    condition.get_by_label("What the condition is about").select_option(label=subject)
    if not scripts:
        condition.get_by_role("button", name="Change").click()
    expect(condition.get_by_label(re.compile("How |Active")).first).to_be_visible()


def build(page: Page, *, scripts: bool) -> None:
    """Build: in Malmö, and gold or bought for more than 100 lately; without who bounced."""
    page.get_by_label("Name", exact=True).fill("Good customers")
    rule = page.locator("#ninclude")
    add = rule.locator("> .rule-adding")
    add.get_by_role("button", name="Add a condition").click()
    city = conditions(rule).nth(0)
    choose(city, "City", scripts=scripts)
    city.get_by_label("Value of City").fill("Malmö")
    add.get_by_role("button", name="Add a group").click()
    nested = rule.locator(".rule-group")
    tier = conditions(nested).nth(0)
    choose(tier, "Tier", scripts=scripts)
    tier.get_by_label("Gold").check()
    nested.get_by_role("button", name="Add a condition").click()
    order = conditions(nested).nth(1)
    choose(order, "orderPlaced", scripts=scripts)
    order.get_by_label("in the last").fill("30")
    order.get_by_role("button", name="Only with a certain property").click()
    expect(order.locator(".rule-samples")).to_contain_text("250")
    order.get_by_label("Property", exact=True).fill("total")
    order.get_by_label("How the property is compared").select_option("gt")
    order.get_by_label("Value of the property").fill("100")
    page.get_by_role("button", name="Leave some out").click()
    status = conditions(page.locator("#nexclude")).nth(0)
    choose(status, "E-mail status", scripts=scripts)
    status.get_by_label("Bounced").check()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_nested_rule_is_built_previewed_saved_and_computed(
    desk: OpenDesk, live_server: LiveServer, shop: Site, scripts: bool
) -> None:
    page = desk(java_script_enabled=scripts)
    page.goto(f"{live_server.url}/admin/automation/segment/")
    page.get_by_role("link", name="Add segment").click()
    loaded(page)
    build(page, scripts=scripts)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#rule-preview .number")).to_have_text("1")
    expect(page.locator("#rule-preview")).to_contain_text("ann@example.com")
    expect(page.locator("#rule-summary")).to_contain_text(
        "City is “Malmö” and (Tier is one of “Gold” or did “orderPlaced” in the last 30 days with "
        "total is more than 100). Without those of whom: has an e-mail address that is bounced."
    )
    assert not Segment.objects.exists()
    # Enter in any field saves, and removes nothing.
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator("h1")).to_contain_text("Good customers")
    made = Segment.objects.get()
    assert made.rule == document(
        field("city", "eq", "Malmö"),
        group(
            field("attribute:tier", "in", ["gold"]),
            did("orderPlaced", days=30,
                properties=[{"path": "total", "operator": "gt", "value": 100}]),
            match="any",
        ),
        exclude=group({"kind": "email_status", "is": ["bounced"]}, match="any"),
    )  # fmt: skip
    page.get_by_role("button", name="Recompute now").click()
    expect(page.locator("h1")).to_contain_text("Compute the segment")
    run_job_slice(Job.objects.get(kind="segment_compute").pk)
    page.goto(f"{live_server.url}/admin/automation/segment/{made.pk}/change/")
    expect(page.locator(".number")).to_have_text("1")
    page.get_by_label("E-mail", exact=True).fill("bo@example.com")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator(".test-verdict")).to_contain_text("is not in it now")
    expect(page.locator(".test-answers .decides")).to_have_count(1)
    expect(page.locator(".test-answers .decides")).to_contain_text("bounced")
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Members").click()
    page.get_by_role("link", name="ann@example.com").click()
    expect(page.locator("#section-segments")).to_contain_text("Good customers")


def test_the_words_follow_what_is_typed(
    desk: OpenDesk, live_server: LiveServer, shop: Site
) -> None:
    made = segment(shop, field("city", "eq", "Malmö"), field("birth_date", "is_set"))
    page = desk()
    page.goto(f"{live_server.url}/admin/automation/segment/{made.pk}/change/?tab=rule")
    first, second = (page.locator(f"#n{number}") for number in (1, 2))
    first.get_by_label("Value of City").fill("Lund")
    first.get_by_label("Value of City").press("Tab")
    expect(page.locator("#rule-summary")).to_contain_text("City is “Lund”")
    # Of the inputs the one is shown that the operator takes.
    expect(second.get_by_label("Days")).not_to_be_visible()
    second.get_by_label("How Birth date").select_option("anniversary_within_days")
    expect(second.get_by_label("Days")).to_be_visible()
    expect(second.locator('input[type="date"]')).not_to_be_visible()
    second.get_by_label("Days").fill("7")
    page.locator("#ninclude-match").select_option("any")
    expect(page.locator("#rule-summary")).to_contain_text(
        "City is “Lund” or Birth date has its anniversary within 7 days."
    )
    second.get_by_role("button", name="Move Birth date up").click()
    expect(page.locator(".rule-condition").first).to_have_id("n2")
    expect(page.get_by_label("What the condition is about").first).to_be_focused()
    expect(page.locator("#rule-summary")).to_contain_text("within 7 days or City")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".messagelist")).to_contain_text("was saved")
    made.refresh_from_db()
    assert [item["field"] for item in made.rule["include"]["items"]] == ["birth_date", "city"]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(
    desk: OpenDesk, live_server: LiveServer, shop: Site, width: int, colours: Colours
) -> None:
    shop.name = LONG
    shop.save()
    options = [{"id": "o" * 60, "label": LONG}]
    ContactFieldFactory.create(
        site=shop, name=LONG, field_id="f" * 60, type="checkbox", options=options
    )
    person = contact(shop, email=f"{'x' * 60}@example.com", first_name=LONG)
    came_with: dict[str, Any] = {"p" * 100: LONG}
    activity(person, "y" * 100, **came_with)
    deep: dict[str, Any] = field(f"attribute:{'f' * 60}", "not_in", ["o" * 60])
    for _ in range(4):
        properties = [{"path": "p" * 100, "operator": "in", "value": [LONG, 5]}]
        deep = group(deep, did("y" * 100, properties=properties), match="any")
    made = segment(shop, deep, exclude=group(field("city", "in", [LONG])), name=LONG[:100],
                   description=LONG * 5)  # fmt: skip
    computed(made)
    Contact.objects.filter(pk=person.pk).update(city=LONG)
    computed(made)
    page = desk(width, colours)
    at = f"automation/segment/{made.pk}"
    for path in (
        "automation/segment/", "automation/segment/add/", f"{at}/change/",
        f"{at}/change/?tab=members", f"{at}/change/?tab=moves", f"{at}/change/?tab=rule",
        f"{at}/delete/", f"contacts/contact/{person.pk}/change/",
    ):  # fmt: skip
        page.goto(f"{live_server.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{live_server.url}/admin/{at}/change/")
    page.get_by_label("E-mail", exact=True).fill(str(person.email))
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator(".test-verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
