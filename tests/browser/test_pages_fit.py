"""Every list and page on a phone and on a desk, light and dark: nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from contacts.consents.answers import consent_set
from contacts.loyalty.amounts import MOST
from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import Contact
from integrations.models import Outcome
from onsite.models import State
from sites.models import ApiKeyHour, Role, Site
from tests.automation.segments.made import computed, field, segment
from tests.automation.workflows.making import changed, set_field, workflow
from tests.browser.console import Colours, complaints_of, log_in
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import award, by, definition_of, promotion_of
from tests.contacts.transfers import checked
from tests.factories import (
    ApiKeyFactory,
    ConsentDefinitionFactory,
    ContactFieldFactory,
    MembershipFactory,
    PublishableKeyFactory,
    ReceptionEventFactory,
    SiteFactory,
    SourceFactory,
    SuperuserFactory,
)
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission
from tests.webhooks.delivery_log import attempt, delivery, event
from tests.webhooks.publishing import subscribe
from webhooks.models import Context

pytestmark = [pytest.mark.browser, pytest.mark.network]

LONG = "A rather long name " + "withoutanyplacewhereitcouldbebroken" * 2

PATHS = (
    "/admin/",
    "/admin/health/",
    "/admin/sites/site/",
    "/admin/sites/site/{site}/change/?section=api-access",
    "/admin/sites/site/{site}/change/?section=generic",
    "/admin/sites/site/{site}/change/?section=sources",
    "/admin/webhooks/source/",
    "/admin/webhooks/source/add/?site={site}",
    "/admin/webhooks/source/add/?site={site}&preset=generic_json",
    "/admin/webhooks/source/{source}/change/",
    "/admin/webhooks/source/{source}/delete/",
    "/admin/sites/apikey/",
    "/admin/sites/apikey/add/?like={key}",
    "/admin/sites/apikey/{key}/change/",
    "/admin/sites/publishablekey/",
    "/admin/sites/publishablekey/add/?site={site}",
    "/admin/sites/publishablekey/{publishable_key}/change/",
    "/admin/sites/publishablekey/{publishable_key}/revoke/",
    "/admin/webhooks/receptionevent/{app_event}/change/",
    "/admin/webhooks/receptionevent/{app_event}/saved/",
    "/admin/sites/auditentry/",
    "/admin/sites/user/",
    "/admin/sites/user/add/",
    "/admin/sites/job/",
    "/admin/webhooks/receivedevent/",
    "/admin/webhooks/rejectedrequest/",
    "/admin/webhooks/delivery/",
    "/admin/webhooks/delivery/recover/?since=3d",
    "/admin/webhooks/delivery/recover/?mode=missing",
    "/admin/webhooks/delivery/{delivery}/change/",
    "/admin/webhooks/delivery/{delivery}/change/?tab=response",
    "/admin/webhooks/event/",
    "/admin/webhooks/event/{event}/change/",
    "/admin/webhooks/event/types/",
    "/admin/webhooks/event/types/?type=contact.updated",
    "/admin/onsite/submission/",
    "/admin/onsite/submission/resend/",
    "/admin/onsite/submission/{submission}/change/",
    "/admin/integrations/apicall/",
    "/admin/integrations/apicall/{call}/change/",
    "/admin/contacts/contact/",
    "/admin/contacts/contact/{contact}/change/",
    "/admin/contacts/contact/{contact}/consents/",
    "/admin/contacts/contact/{contact}/loyalty/",
    "/admin/contacts/contact/{contact}/loyalty/?tab=vouchers",
    "/admin/contacts/contact/{contact}/loyalty/?tab=promotions",
    "/admin/contacts/contact/export/",
    "/admin/contacts/consentdefinition/",
    "/admin/contacts/consentdefinition/{consent}/change/",
    "/admin/contacts/pointdefinition/",
    "/admin/contacts/pointdefinition/{points}/change/",
    "/admin/contacts/promotion/",
    "/admin/contacts/promotion/{promotion}/change/",
    "/admin/contacts/rewardvoucher/",
    "/admin/contacts/rewardvoucher/{voucher}/change/",
    "/admin/contacts/contactimport/",
    "/admin/contacts/contactimport/add/",
    "/admin/contacts/contactimport/{import}/change/",
    "/admin/contacts/contactfield/",
    "/admin/contacts/contactfield/add/",
    "/admin/contacts/contactfield/{field}/change/",
    "/admin/contacts/contactfield/{field}/delete/",
    "/admin/automation/segment/",
    "/admin/automation/segment/{segment}/change/",
    "/admin/automation/segment/{segment}/change/?tab=rule",
    "/admin/automation/workflow/",
    "/admin/automation/workflow/{workflow}/change/",
    "/admin/automation/workflowrun/",
    "/admin/password_change/",
)


def long_loyalty(site: Site, contact: Contact) -> dict[str, Any]:
    """Give a contact points, a voucher and a promotion with long names; return their keys."""
    points = definition_of(site, name=LONG)
    award(contact, points, "99999999999.9999", description=LONG * 3, reason=LONG)
    channels: list[dict[str, Any]] = [
        {"type": kind, "valueType": "MANUAL", "value": LONG, "localValues": [],
         "instruction": LONG * 3}
        for kind in ("POS", "ECOM", "OTHER")
    ]  # fmt: skip
    promotion = promotion_of(site, name=LONG, redemption_channels=channels)
    promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
    order = VoucherOrder(
        contact_id=contact.pk, amount=MOST, currency="SEK", unique_code="X" * 64, description=LONG
    )
    made = vouchers_create(site=site, orders=[order], source=by())[0].voucher
    assert made
    return {"points": points.pk, "promotion": promotion.pk, "voucher": made.pk}


def long_consent(site: Site, contact: Contact) -> dict[str, Any]:
    """Have a contact answer a consent with a long name twice; return its key."""
    consent = ConsentDefinitionFactory.create(site=site, consent_id="c" * 120, name=LONG * 2)
    for value in (True, False):
        consent_set(
            contact=contact,
            consent_id=consent.consent_id,
            value=value,
            comment=LONG * 3,
            source=by(),
        )
    return {"consent": consent.pk}


def long_automation(site: Site) -> dict[str, Any]:
    """Make a segment and a workflow with long names and values, run once; return their keys."""
    chosen = segment(site, field("first_name", "ne", LONG), name=LONG)
    computed(chosen)
    made = workflow(site, set_field("last_name", LONG), name=LONG)
    changed(site, "jane@example.com", city=LONG)
    return {"segment": chosen.pk, "workflow": made.pk}


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen_or_complains(
    browser: Browser,
    live_server: LiveServer,
    colours: Colours,
    width: int,
) -> None:
    user = SuperuserFactory.create()
    site = SiteFactory.create(name=LONG)
    MembershipFactory.create(site=site, role=Role.OPERATOR)
    source = SourceFactory.create(site=site, name=LONG, preset_key="voyado_engage")
    stopped = submission(site, State.BLOCKED, reason=LONG, idempotency_key=LONG, sent_by=LONG)
    key = ApiKeyFactory.create(
        site=site, name=LONG, last_used_from="2001:db8::" + "ffff:" * 4 + "1"
    )
    ApiKeyHour.objects.create(key=key, hour=timezone.now(), status=511, count=10**9)
    publishable_key = PublishableKeyFactory.create(
        site=site,
        name=LONG,
        last_used_from=LONG,
        allowed_origins=[f"https://{'a' * 63}.{'b' * 63}.example"],
    )
    app_event = ReceptionEventFactory.create(site=site, context=Context.APP, name=LONG)
    call = api_call(site, Outcome.BLOCKED, submission_id=stopped.pk, reason=LONG, url=LONG)
    options = [{"id": "a" * 64, "label": LONG}]
    field = ContactFieldFactory.create(
        site=site, name=LONG, field_id="a" * 64, type="radio", options=options
    )
    attributes = {"a" * 64: "a" * 64, "b" * 64: LONG}
    contact_id = apply(site, {"email": "jane@example.com"}, attributes=attributes).contact_id
    contact = Contact.objects.get(email="jane@example.com")
    loyalty = long_loyalty(site, contact)
    subscription = subscribe(site, name=LONG, url=f"https://receiver.example.com/{'x' * 200}")
    sent = delivery(subscription, of=event(site, payload={"long": LONG * 9}), reason=LONG)
    attempt(sent, sentence=LONG, response_body=LONG)
    keys = {
        "delivery": sent.pk,
        "event": sent.event_id,
        "contact": contact_id,
        "field": field.pk,
        "site": site.pk,
        "key": key.pk,
        "publishable_key": publishable_key.pk,
        "app_event": app_event.pk,
        "source": source.pk,
        "submission": stopped.pk,
        "import": checked(site, f"email;{LONG};first_name\n{LONG};x;y\na@x.se;;{LONG}\n").pk,
        "call": call.pk,
        **loyalty,
        **long_consent(site, contact),
        **long_automation(site),
    }
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=colours)
    page = context.new_page()
    complaints = complaints_of(page)
    log_in(page, live_server.url, user.username)
    for path in PATHS:
        page.goto(live_server.url + path.format(**keys))
        reached = page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            complaints.append(f"{path} is {reached} wide")
    context.close()
    assert complaints == []


@pytest.mark.parametrize("path", ["delivery", "event"])
def test_long_event_types_leave_a_list_as_wide_as_the_desk(
    browser: Browser, live_server: LiveServer, path: str
) -> None:
    user = SuperuserFactory.create()
    site = SiteFactory.create(name=LONG)
    event_type = f"custom_event.{'withoutanyjoint' * 9}"
    of = event(site, event_type)
    # A reason and an answer that take room as well.
    delivery(subscribe(site, name=LONG), of=of, reason=LONG, last_error="unsendable")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    log_in(page, live_server.url, user.username)
    page.goto(f"{live_server.url}/admin/webhooks/{path}/")
    reaches, fits = page.evaluate(
        "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])"
        "(document.querySelector('#changelist .results'))"
    )
    shown = page.locator("#result_list .field-type_column .clamp").first
    assert shown.get_attribute("title") == event_type
    assert shown.bounding_box()["height"] < 70  # type: ignore[index]
    context.close()
    assert reaches <= fits
