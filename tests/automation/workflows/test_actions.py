"""What each step does to a contact, its points, and the outbox."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from automation.models import RunState, StepState, WorkflowStep
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.definition import read_definition
from automation.workflows.site_things import SiteThings
from contacts.models import (
    Consent,
    ConsentDefinition,
    Contact,
    PointAccount,
    PointDefinition,
    Preference,
    Promotion,
    PromotionAssignment,
    RewardVoucher,
)
from contacts.services import contact_apply
from integrations.contact_change import Channel, ConsentFact, ContactChange, Identity
from sites.audit import Actor
from sites.models import Site
from tests.automation.workflows.making import (
    AMOUNT,
    attribute,
    changed,
    contact,
    contact_field,
    definition,
    process,
    purchases,
    receive,
    runs,
    set_field,
    step,
    told,
    work,
    workflow,
)
from tests.automation.workflows.passing_time import pass_time
from tests.contacts.changes import source
from tests.webhooks.publishing import subscribe
from tests.webhooks.reception_events import custom_integration
from webhooks.outbound.models import Event, SendEvent
from webhooks.outbound.send_events.services import send_event_save

pytestmark = pytest.mark.django_db


def details() -> list[str]:
    return list(WorkflowStep.objects.order_by("pk").values_list("detail", flat=True))


def test_what_has_no_value_is_left_out_wherever_it_is_from(site: Site) -> None:
    workflow(site, set_field("gender", "/contact/last_name"))
    changed(site, city="Lund")
    assert details() == ["“Gender” was left as it is: There is no value for it."]


def test_number_is_added_to_what_the_contact_has(site: Site) -> None:
    contact_field(site, "visits", "integer")
    contact_field(site, "spent", "decimal")
    workflow(site, set_field("visits", 10, "add"), set_field("spent", 0.1, "add"))
    applied = changed(site, city="Lund")
    changed(site, city="Malmö")
    changed(site, city="Kiruna")
    assert attribute(applied.contact_id, "visits") == 30
    assert attribute(applied.contact_id, "spent") == "0.3"


def test_adding_from_several_events_of_one_batch_loses_none(site: Site) -> None:
    event = purchases(site, AMOUNT)
    contact_field(site, "spent", "decimal")
    trigger = {"type": "reception_event", "event": event.event_id}
    workflow(site, set_field("spent", "/event/amount", "add"), trigger=trigger)
    for amount in (1, 2, 4, 8):
        receive(event, amount=amount)
    process()
    assert Contact.objects.get().attributes["spent"] == "15"


def test_cleared_and_unfit_values(site: Site) -> None:
    contact_field(site, "visits", "integer")
    contact_field(site, "note", "text")
    made = workflow(
        site,
        step("set_field", rows=[{"field": "first_name", "operation": "clear"}]),
        set_field("visits", "/event/after/city"),
        set_field("note", "/event/nowhere"),
        set_field("note", "written"),
    )
    applied = changed(site, city="Malmö", first_name="Ada")
    assert Contact.objects.get().first_name == ""
    assert attribute(applied.contact_id, "note") == "written"
    assert [state for _, state in told(made)] == ["done", "failed", "failed", "done"]
    assert "Malmö" not in " ".join(details())


def test_value_that_is_so_already_is_nothing_to_do(site: Site) -> None:
    made = workflow(site, set_field("language", "sv"))
    changed(site, city="Malmö", language="sv")
    assert told(made) == [("set_field", StepState.SKIPPED)]


def test_phone_of_somebody_else_is_left_there(site: Site) -> None:
    changed(site, "b@example.com")
    Contact.objects.update(phone="+46701234567")
    made = workflow(site, set_field("phone", "0701234567"))
    changed(site, "a@example.com", city="Malmö")
    assert told(made) == [("set_field", StepState.FAILED)]
    assert Contact.objects.count() == 2


def test_preference_and_consent(site: Site) -> None:
    ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    workflow(
        site,
        step("set_preference", channel="email", accepts=False),
        step("set_consent", consent_id="terms", value=True, comment="Bought something"),
    )
    changed(site, city="Malmö")
    preference, consent = Preference.objects.get(), Consent.objects.get()
    assert (preference.channel, preference.accepts) == ("email", False)
    assert (consent.value, consent.comment) == (True, "Bought something")
    assert consent.source_label == preference.source_label == "Workflow Welcome"


@pytest.mark.parametrize("who", ["shop", "console", "the workflow"])
def test_a_yes_after_a_wait_does_not_undo_a_no_said_meanwhile(site: Site, who: str) -> None:
    ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    pause = [
        step("set_preference", channel="email", accepts=False),
        step("set_consent", consent_id="terms", value=False),
    ]
    made = workflow(
        site,
        *(pause if who == "the workflow" else []),
        step("wait", amount=3, unit="days"),
        step("set_preference", channel="email", accepts=True),
        step("set_consent", consent_id="terms", value=True),
    )
    changed(site, city="Malmö")
    if who != "the workflow":
        no = ContactChange(
            identity=Identity(email="a@example.com"),
            preferences={Channel.EMAIL: False},
            consents=(ConsentFact(consent_id="terms", value=False),),
        )
        by = source(f"src_{who}", received_at=timezone.now(), received_event_id=None)
        contact_apply(site=site, change=no, source=by)
    pass_time(days=4)
    work()
    is_taken_back = who == "the workflow"
    assert Preference.objects.get().accepts is is_taken_back
    assert Consent.objects.get().value is is_taken_back
    ends = [state for action, state in told(made) if action.startswith("set_")][-2:]
    assert ends == ["done" if is_taken_back else "skipped"] * 2


def test_points_voucher_and_promotion(site: Site) -> None:
    PointDefinition.objects.create(site=site, number=1, name="Points")
    promotion = Promotion.objects.create(site=site, name="Tenth off", is_draft=False)
    made = workflow(
        site,
        step("award_points", definition=1, amount={"literal": "10.5"}),
        step("create_voucher", amount={"literal": 50}, currency="SEK", valid_days=30),
        step("assign_promotion", promotion=str(promotion.pk)),
    )
    changed(site, city="Malmö")
    assert [state for _, state in told(made)] == ["done"] * 3
    assert PointAccount.objects.get().balance == Decimal("10.5")
    voucher = RewardVoucher.objects.get()
    assert (voucher.amount, voucher.currency) == (Decimal(50), "SEK")
    assert PromotionAssignment.objects.get().promotion == promotion


def test_points_of_a_variable_that_is_no_number(site: Site) -> None:
    PointDefinition.objects.create(site=site, number=1, name="Points")
    variable = {"variable": "/event/after/city"}
    made = workflow(site, step("award_points", definition=1, amount=variable))
    changed(site, city="Malmö")
    changed(site, city="12")
    assert [state for _, state in told(made)] == ["failed", "done"]
    assert PointAccount.objects.get().balance == Decimal(12)


def send_event(site: Site, integration: str = "Store tills") -> Any:
    event = SendEvent(
        site=site, integration=custom_integration(site, name=integration), name="Moved"
    )
    fields = [
        {"id": "city", "name": "City", "type": "text", "required": True},
        {"id": "sum", "name": "Sum", "type": "decimal", "required": False},
    ]
    return send_event_save(event=event, fields=fields, actor=Actor.system("test"))


def test_send_event_goes_to_who_subscribed(site: Site) -> None:
    event = send_event(site)
    subscribe(site)
    values = {"city": {"variable": "/event/after/city"}, "sum": {"literal": "1.10"}}
    made = workflow(site, step("send_event", event=event.event_id, values=values))
    changed(site, city="Malmö")
    sent = Event.objects.get(type=f"send.{event.event_id}")
    assert sent.payload == '{"city":"Malmö","sum":1.1}'
    assert WorkflowStep.objects.get(run__workflow=made).event_id == sent.pk


def test_send_event_without_anybody_to_tell(site: Site) -> None:
    event = send_event(site)
    values = {"city": {"literal": "x"}}
    made = workflow(site, step("send_event", event=event.event_id, values=values))
    changed(site, city="Malmö")
    assert told(made) == [("send_event", StepState.SKIPPED)]


def test_stop_ends_the_run_with_its_reason(site: Site) -> None:
    condition = {"pointer": "/contact/city", "operator": "eq", "value": "Lund"}
    made = workflow(
        site,
        step("stop", event_conditions=[condition]),
        set_field("language", "sv"),
    )
    changed(site, "a@example.com", city="Lund")
    changed(site, "b@example.com", city="Malmö")
    assert [(run.state, bool(run.reason)) for run in runs(made)] == [
        (RunState.STOPPED, True),
        (RunState.FINISHED, False),
    ]
    assert list(Contact.objects.order_by("email").values_list("language", flat=True)) == ["", "sv"]


def test_every_action_says_what_it_does(site: Site) -> None:
    PointDefinition.objects.create(site=site, number=1, name="Stars")
    promotion = Promotion.objects.create(site=site, name="Tenth off")
    ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    event = send_event(site)
    contact_field(site, "visits", "integer")
    read = read_definition(
        definition(
            set_field("visits", 10, "add"),
            step("set_preference", channel="sms", accepts=True),
            step("set_consent", consent_id="terms", value=False),
            step("award_points", definition=1, amount={"variable": "/event/after/city"}),
            step("create_voucher", amount={"literal": 50}, currency="sek", valid_days=7),
            step("assign_promotion", promotion=str(promotion.pk)),
            step("send_event", event=event.event_id, values={"city": {"literal": "x"}}),
            step("call_generic_api", tag="NewFriend"),
            step("wait", amount=1, unit="days"),
            step("stop"),
        ),
        site,
    )
    things = SiteThings(site)
    assert {each.action.key for each in read.steps} == set(ACTIONS)
    assert [each.action.summary(each.settings, things) for each in read.steps] == [
        "Set field: add 10 to Visits",
        "Set preference: the contact accepts SMS",
        "Set consent: Terms = no",
        "Award points: [event / after / city] of Stars",
        "Create voucher: 50 SEK, valid for 7 days",
        "Assign promotion: Tenth off",
        "Send event: Moved with City = “x”",
        "Send the contact to the Generic API as NewFriend",
        "Wait 1 day",
        "Stop",
    ]


def test_contact_without_an_address_is_reached(site: Site) -> None:
    known = contact(site)
    Contact.objects.filter(pk=known.pk).update(email=None)
    workflow(site, set_field("language", "sv"))
    contact_apply(
        site=site,
        change=ContactChange(identity=Identity(), fields={"city": "Malmö"}),
        source=source("src_shop", received_event_id=None),
        contact_id=known.pk,
    )
    known.refresh_from_db()
    assert known.language == "sv"


def test_events_about_the_change_say_that_a_workflow_made_it(site: Site) -> None:
    subscribe(site)
    changed(site)
    workflow(site, set_field("language", "sv"))
    changed(site, city="Malmö")
    updated = Event.objects.filter(type="contact.updated").order_by("pk")
    told = [json.loads(event.payload) for event in updated]
    assert [(each["updatedViaSourceType"], each["updatedWithSpecificSource"]) for each in told] == [
        ("Webhook", "Shop"),
        ("Workflow", "Workflow Welcome"),
    ]


def test_sent_event_is_found_from_what_came_in(site: Site) -> None:
    event = purchases(site)
    sent = send_event(site, "Bought")
    subscribe(site, "send.*")
    trigger = {"type": "reception_event", "event": event.event_id}
    values = {"city": {"literal": "x"}}
    workflow(site, step("send_event", event=sent.event_id, values=values), trigger=trigger)
    received = receive(event)
    process()
    assert Event.objects.get(type__startswith="send.").received_event_id == received.pk
