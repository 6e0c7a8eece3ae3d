"""`patchbay.js` in a real browser, on pages of another origin than Patchbay's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from contacts.models import Contact
from sites.audit import Actor
from sites.models import PublishableKey, Site
from sites.publishable_keys.services import publishable_key_create, publishable_key_update
from tests.browser.console import complaints_of
from tests.browser.shop_pages import (
    Relay,
    Shop,
    cut,
    lose_answer,
    refuse_for,
    script_tag,
    shop_page,
)
from tests.factories import ReceptionEventFactory, SiteFactory
from tests.processes.waiting import eventually
from tests.webhooks.conftest import _fresh_reception
from tests.webhooks.reception import reloaded_directory
from webhooks.inbound.models import Context, ReceivedEvent, ReceptionEvent, ReceptionField

# The fixture of the reception tests, made known to pytest by standing here.
__all__ = ["_fresh_reception"]

pytestmark = [pytest.mark.browser, pytest.mark.network]

ACTOR = Actor.system("tests")
SEND = "([events, options]) => patchbay.managed.sendEvents(events, options)"
# What a page does that does not wait: the results are looked at later, or never.
SEND_ONLY = """([events, options]) => {
    patchbay.managed.sendEvents(events, options).then((results) => { window.results = results; });
}"""
KEPT = "Object.keys(localStorage).filter((name) => name.includes('.event.')).length"
DENY_STORAGE = """
    const deny = () => { throw new DOMException('denied', 'SecurityError'); };
    Object.defineProperty(window, 'localStorage', { get: deny });
"""
# Headless pages are never hidden by another; phones kill hidden ones without a word.
HIDDEN = """
    Object.defineProperty(document, 'hidden', { value: true });
    document.dispatchEvent(new Event('visibilitychange'));
"""
LEFT = "dispatchEvent(new Event('pagehide'));"
DENY_COOKIES = "Object.defineProperty(document, 'cookie', { get: deny, set: deny });"


@dataclass(frozen=True, slots=True)
class Stage:
    """A shop whose page `/` has the script, and Patchbay behind a relay."""

    shop: Shop
    relay: Relay
    key: PublishableKey
    event: ReceptionEvent

    def tag(self, **attributes: str) -> str:
        return script_tag(self.relay.url, self.key, **attributes)

    def viewed(self, sku: str = "A-1", **values: Any) -> dict[str, Any]:
        return {
            "type": "custom",
            "eventId": self.event.event_id,
            "payload": {"sku": sku},
            **values,
        }

    def open(self, page: Page, path: str = "/") -> None:
        page.goto(self.shop.url + path)

    def send(self, page: Page, *events: Any, **options: Any) -> list[dict[str, Any]]:
        """Send and wait; return the result of each event."""
        results: list[dict[str, Any]] = page.evaluate(SEND, [list(events), options])
        return results

    def send_only(self, page: Page, *events: Any, **options: Any) -> None:
        page.evaluate(SEND_ONLY, [list(events), options])


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return SiteFactory.create(name="Nordic Outdoor")


@pytest.fixture
def stage(live_server: LiveServer, site: Site) -> Iterator[Stage]:
    fields = [
        ReceptionField(field_id="sku", name="SKU", type="text"),
        ReceptionField(field_id="email", name="E-mail", type="email"),
    ]
    event = ReceptionEventFactory.create(
        site=site, context=Context.APP, name="Product viewed", alias="viewed", fields=fields
    )
    with Shop() as shop, Relay(live_server.url) as relay:
        key = publishable_key_create(
            site=site, name="Shop", allowed_origins=[shop.url], actor=ACTOR
        )
        made = Stage(shop=shop, relay=relay, key=key, event=event)
        shop.pages["/"] = shop_page(made.tag())
        shop.pages["/elsewhere"] = shop_page(title="No script here")
        yield made


def journal() -> list[dict[str, Any]]:
    """Return the bodies of all received events, the oldest first."""
    rows = ReceivedEvent.objects.order_by("pk").values_list("body", flat=True)
    return [json.loads(bytes(body or b"")) for body in rows]


def skus() -> list[str]:
    return sorted(each["event"]["payload"]["sku"] for each in journal())


def trackers() -> list[str]:
    return [each["entityInfo"]["trackerId"] for each in journal()]


def is_empty(page: Page) -> bool:
    """Say whether the page keeps no event for later."""
    return not page.evaluate(KEPT)


# -- what arrives ----------------------------------------------------------------------------------


def test_events_arrive_together_with_visitor_page_and_time(stage: Stage, page: Page) -> None:
    complaints = complaints_of(page)
    stage.open(page, "/?from=mail#token")
    page.evaluate(
        """([first, second]) => {
            const { sendEvents } = patchbay.managed;
            window.both = Promise.all([sendEvents([first]), sendEvents([second])]);
        }""",
        [stage.viewed("A-1"), stage.viewed("B-2")],
    )
    results = page.evaluate("window.both")
    ids = [result["id"] for [result] in results]
    assert all(len(each) == 24 for each in ids)
    assert len(set(ids)) == 2
    first, second = journal()
    assert [each["event"]["payload"]["sku"] for each in (first, second)] == ["A-1", "B-2"]
    assert first["event"]["id"] != second["event"]["id"]
    assert first["event"]["occurredAt"].endswith("Z")
    assert first["entityInfo"] == second["entityInfo"]
    assert first["pageInfo"] == {"url": f"{stage.shop.url}/?from=mail", "title": "Röd jacka"}
    assert (len(stage.relay.posted), stage.relay.preflights) == (1, 0)
    assert stage.relay.posted[0].headers["content-type"] == "text/plain"
    assert is_empty(page)
    assert complaints == []


def test_many_events_go_in_requests_of_twenty_about_one_visitor(stage: Stage, page: Page) -> None:
    stage.open(page)
    stage.send_only(page, *(stage.viewed(f"{number:02}") for number in range(45)))
    known = {"primaryKey": "ann@example.com"}
    results = stage.send(page, stage.viewed("45"), entityInfo=known)
    assert "id" in results[0]
    assert [len(each.document["events"]) for each in stage.relay.posted] == [20, 20, 5, 1]
    assert skus() == [f"{number:02}" for number in range(46)]
    emails = [each["entityInfo"].get("primaryKey") for each in journal()]
    assert emails == [None] * 45 + ["ann@example.com"]


def test_large_events_go_in_requests_that_a_beacon_could_take(stage: Stage, page: Page) -> None:
    stage.open(page)
    long = "å" * 12_000
    stage.send(page, *(stage.viewed(f"{number}{long}") for number in range(3)))
    assert [len(each.document["events"]) for each in stage.relay.posted] == [2, 1]
    assert all(len(each.body) < 60_000 for each in stage.relay.posted)
    assert ReceivedEvent.objects.count() == 3


def test_visitor_is_known_again_on_every_page_and_strangers_are_others(
    stage: Stage, page: Page, browser: Browser
) -> None:
    stage.shop.pages["/cart"] = shop_page(stage.tag())
    stage.open(page)
    stage.send(page, stage.viewed("A-1"))
    stage.open(page, "/cart")
    stage.send(page, stage.viewed("B-2"))
    with browser.new_context() as context:
        other = context.new_page()
        stage.open(other)
        stage.send(other, stage.viewed("C-3"))
    first, second, third = trackers()
    assert first == second != third
    assert journal()[1]["pageInfo"]["url"] == f"{stage.shop.url}/cart"


def test_visitor_who_tells_the_email_becomes_one_contact_with_what_they_did_before(
    stage: Stage, page: Page
) -> None:
    stage.open(page)
    stage.send(page, stage.viewed("A-1"))
    stage.send(page, stage.viewed("B-2"), entityInfo={"primaryKey": "ann@example.com"})
    call_command("worker", "--once")
    contact = Contact.objects.get()
    assert contact.email == "ann@example.com"
    assert contact.activities.count() == 2


def test_refused_event_says_why_and_lets_the_others_pass(stage: Stage, page: Page) -> None:
    stage.open(page)
    unknown = stage.viewed("B-2", eventId="0" * 24)
    good, bad = stage.send(page, stage.viewed("A-1"), unknown)
    assert len(good["id"]) == 24
    assert bad["error"]["code"] == "UNKNOWN_EVENT"
    [alone] = stage.send(page, unknown)
    assert alone["error"]["code"] == "UNKNOWN_EVENT"
    assert (len(stage.relay.posted), skus(), is_empty(page)) == (2, ["A-1"], True)


# -- leaving the page ------------------------------------------------------------------------------


def test_event_of_the_last_moment_is_delivered_by_a_beacon_and_counts_once(
    stage: Stage, page: Page
) -> None:
    stage.open(page)
    page.evaluate(
        "([event]) => { patchbay.managed.sendEvents([event]); location.href = '/elsewhere'; }",
        [stage.viewed("A-1")],
    )
    page.wait_for_url("**/elsewhere")
    eventually(lambda: skus() == ["A-1"], what="the event arrived")
    assert [each.is_beacon for each in stage.relay.posted] == [True]
    # Nobody told the page that it arrived: the next one sends it again.
    stage.open(page)
    eventually(lambda: is_empty(page), what="the next page had an answer")
    beacon, again = stage.relay.posted
    assert beacon.document["events"] == again.document["events"]
    assert skus() == ["A-1"]


@pytest.mark.parametrize("signs", [HIDDEN, LEFT, LEFT + HIDDEN])
def test_page_that_goes_sends_one_beacon_and_hears_of_it_when_it_is_back(
    stage: Stage, page: Page, signs: str
) -> None:
    page.clock.install()
    stage.open(page)
    stage.send_only(page, stage.viewed("A-1"))
    page.evaluate(signs)
    eventually(lambda: skus() == ["A-1"], what="the beacon arrived")
    page.clock.fast_forward(1_000)
    [result] = eventually(lambda: page.evaluate("window.results"), what="the page was told")
    assert len(result["id"]) == 24
    assert [each.is_beacon for each in stage.relay.posted] == [True, False]
    assert skus() == ["A-1"]


def test_events_that_could_not_be_sent_go_with_the_next_page(stage: Stage, page: Page) -> None:
    stage.relay.always = cut
    stage.open(page)
    stage.send_only(page, stage.viewed("A-1"), stage.viewed("B-2"))
    stage.relay.always = None
    stage.shop.pages["/cart"] = shop_page(stage.tag(), title="Cart")
    stage.relay.faults.append(cut)
    stage.open(page, "/cart")
    eventually(lambda: is_empty(page), what="the next page sent them")
    assert skus() == ["A-1", "B-2"]
    assert {each["pageInfo"]["title"] for each in journal()} == {"Röd jacka"}


def test_storage_keeps_the_newest_fifty(stage: Stage, page: Page) -> None:
    stage.relay.always = cut
    stage.open(page)
    stage.send_only(page, *(stage.viewed(f"{number:02}") for number in range(60)))
    assert page.evaluate(KEPT) == 50
    stage.open(page, "/elsewhere")
    stage.relay.always = None
    stage.open(page)
    eventually(lambda: is_empty(page), what="the next page sent them")
    assert skus()[-50:] == [f"{number:02}" for number in range(10, 60)]


# -- trouble on the way ----------------------------------------------------------------------------


def test_request_that_failed_is_repeated(stage: Stage, page: Page) -> None:
    stage.relay.faults.extend([refuse_for(503, "1"), cut])
    stage.open(page)
    [result] = stage.send(page, stage.viewed("A-1"))
    assert len(result["id"]) == 24
    assert len(stage.relay.posted) == 3
    assert skus() == ["A-1"]


def test_repeat_of_what_had_arrived_is_not_a_second_event(stage: Stage, page: Page) -> None:
    stage.relay.faults.append(lose_answer)
    stage.open(page)
    [result] = stage.send(page, stage.viewed("A-1"))
    assert len(result["id"]) == 24
    assert len(stage.relay.posted) == 2
    assert skus() == ["A-1"]


@pytest.mark.parametrize("status", [429, 503])
def test_server_says_how_long_to_wait_and_that_holds_on_the_next_page_too(
    stage: Stage, page: Page, status: int
) -> None:
    stage.relay.faults.append(refuse_for(status, "600"))
    page.clock.install()
    stage.open(page)
    stage.send_only(page, stage.viewed("A-1"))
    page.clock.fast_forward(1_000)
    hold = f"localStorage['patchbay.{stage.key.site.public_id}.hold']"
    eventually(lambda: page.evaluate(hold), what="the page understood")
    page.clock.fast_forward(300_000)
    assert len(stage.relay.posted) == 1
    # Neither a beacon nor the next page is in more of a hurry.
    stage.open(page)
    page.clock.fast_forward(200_000)
    stage.send_only(page, stage.viewed("B-2"))
    page.clock.fast_forward(50_000)
    page.evaluate("fetch('/')")
    assert len(stage.relay.posted) == 1
    page.clock.fast_forward(200_000)
    eventually(lambda: is_empty(page), what="both were sent")
    assert skus() == ["A-1", "B-2"]


def test_page_of_a_foreign_origin_is_refused_and_told_so(
    stage: Stage, page: Page, live_server: LiveServer
) -> None:
    with Shop() as foreign:
        foreign.pages["/"] = shop_page(stage.tag())
        page.goto(foreign.url)
        stage.send_only(page, stage.viewed("A-1"))
        [result] = eventually(lambda: page.evaluate("window.results"), what="the page was told")
        assert result["error"]["code"] == "KEY_NOT_ACCEPTED"
        assert "origin" in result["error"]["detail"]
        assert len(stage.relay.posted) == 1
        page.goto("about:blank")
    assert journal() == []


def test_what_a_wrong_key_kept_out_goes_with_a_later_page_once_it_is_mended(
    stage: Stage, page: Page
) -> None:
    origins, stage.key.allowed_origins = stage.key.allowed_origins, []
    stage.key.allows_apps = True
    publishable_key_update(key=stage.key, actor=ACTOR)
    reloaded_directory()
    stage.open(page)
    stage.send_only(page, stage.viewed("A-1"))
    [result] = eventually(lambda: page.evaluate("window.results"), what="the page was told")
    assert result["error"]["code"] == "KEY_NOT_ACCEPTED"
    assert not is_empty(page)
    stage.key.allowed_origins = origins
    publishable_key_update(key=stage.key, actor=ACTOR)
    reloaded_directory()
    stage.open(page)
    eventually(lambda: is_empty(page), what="the next page sent it")
    assert skus() == ["A-1"]


# -- the visitor's wishes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish", ["'doNotTrack', { value: '1' }", "'globalPrivacyControl', { value: true }"]
)
def test_visitor_who_asks_not_to_be_tracked_is_not(stage: Stage, page: Page, wish: str) -> None:
    stage.open(page)
    stage.send(page, stage.viewed("A-1"))
    page.add_init_script(f"Object.defineProperty(navigator, {wish})")
    stage.open(page)
    [result] = stage.send(page, stage.viewed("B-2"))
    assert result["error"]["code"] == "DO_NOT_TRACK"
    # What was remembered before the wish is gone.
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    stage.open(page, "/elsewhere")
    assert (len(stage.relay.posted), skus()) == (1, ["A-1"])


def test_shop_may_set_the_wish_aside(stage: Stage, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'doNotTrack', { value: '1' })")
    stage.shop.pages["/"] = shop_page(stage.tag(do_not_track="ignore"))
    stage.open(page)
    [result] = stage.send(page, stage.viewed("A-1"))
    assert len(result["id"]) == 24
    assert skus() == ["A-1"]


def test_nothing_is_stored_before_the_first_event(stage: Stage, page: Page) -> None:
    stage.open(page)
    assert page.evaluate("typeof patchbay.managed.sendEvents") == "function"
    assert page.evaluate("localStorage.length + document.cookie.length") == 0


def test_cookie_serves_where_storage_is_denied(stage: Stage, page: Page) -> None:
    page.add_init_script(DENY_STORAGE)
    for sku in ("A-1", "B-2"):
        stage.open(page)
        stage.send(page, stage.viewed(sku))
    first, second = trackers()
    assert first == second


def test_memory_serves_where_everything_is_denied(stage: Stage, page: Page) -> None:
    complaints = complaints_of(page)
    page.add_init_script(f"{DENY_STORAGE}{DENY_COOKIES}")
    stage.open(page)
    stage.relay.faults.append(lose_answer)
    for sku in ("A-1", "B-2"):
        [result] = stage.send(page, stage.viewed(sku))
        assert len(result["id"]) == 24
    first, second = trackers()
    assert first == second
    assert [each for each in complaints if "ERR_" not in each] == []


# -- the page around it ----------------------------------------------------------------------------


def test_strict_policy_of_the_page_has_nothing_to_object_to(stage: Stage, page: Page) -> None:
    complaints = complaints_of(page)
    host = stage.relay.url
    stage.shop.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {host}; connect-src {host}; "
        "require-trusted-types-for 'script'"
    )
    stage.open(page)
    [result] = stage.send(page, stage.viewed("A-1"))
    stage.open(page, "/elsewhere")
    assert len(result["id"]) == 24
    assert complaints == []


def test_script_that_is_there_twice_works_once(stage: Stage, page: Page) -> None:
    complaints = complaints_of(page)
    # Modules wait their turn among scripts with `defer`.
    note = '<script type="module">window.first = patchbay.managed;</script>'
    stage.shop.pages["/"] = shop_page(stage.tag(), note, stage.tag())
    stage.open(page)
    stage.send(page, stage.viewed("A-1"))
    assert page.evaluate("first === patchbay.managed")
    assert (len(stage.relay.posted), skus(), complaints) == (1, ["A-1"], [])


def test_calls_before_the_script_are_made_up_for(stage: Stage, page: Page) -> None:
    # The stub of the manual.
    page.add_init_script("""
        window.patchbay = window.patchbay || {
            managed: {
                calls: [],
                sendEvents(...given) {
                    return new Promise((done) => this.calls.push([given, done]));
                },
            },
        };
    """)
    early = json.dumps([stage.viewed("A-1")])
    page.add_init_script(f"window.early = patchbay.managed.sendEvents({early})")
    stage.open(page)
    [result] = page.evaluate("window.early")
    assert len(result["id"]) == 24
    assert skus() == ["A-1"]


def test_mistakes_of_the_page_are_results_and_never_exceptions(stage: Stage, page: Page) -> None:
    complaints = complaints_of(page)
    stage.open(page)
    codes = page.evaluate("""async () => {
        const { sendEvents } = patchbay.managed;
        const circle = {};
        circle.self = circle;
        const calls = [
            sendEvents(),
            sendEvents(null, null),
            sendEvents([{ type: 'custom', payload: circle }]),
            sendEvents([{ type: 'custom', payload: { total: 1n } }]),
            sendEvents([{ type: 'custom' }], { entityInfo: circle }),
            sendEvents([{ type: 'custom' }, 'no event', null]),
        ];
        const results = await Promise.all(calls);
        return results.map((each) => each.map((result) => result.error.code));
    }""")
    bad, unknown = "BAD_EVENT", "UNKNOWN_EVENT"
    assert codes == [[], [], [bad], [bad], [bad], [unknown] * 3]
    # The browser itself notes each answer that is no success.
    assert [each for each in complaints if "422" not in each] == []


def test_tag_without_its_key_says_so(stage: Stage, page: Page) -> None:
    stage.shop.pages["/"] = shop_page(stage.tag(key=""))
    stage.open(page)
    [result] = stage.send(page, stage.viewed("A-1"))
    assert result["error"]["code"] == "NOT_SET_UP"
    assert stage.relay.posted == []
