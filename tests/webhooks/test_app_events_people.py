"""Whose the events of pages and apps are: visitors by their device, people by their e-mail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from contacts.models import Activity, Contact, ContactMerge, ContactSourceId
from contacts.services import ChangeSource, contact_apply
from integrations.contact_change import ContactChange, Deletion, Identity
from sites.models import PublishableKey, Site
from tests.factories import SiteFactory
from tests.webhooks.app_events import app_event, batch, field, send, sent, shop_key
from tests.webhooks.custom_events import contact, post, worked_off
from tests.webhooks.custom_events import erp_event as webhook_event
from tests.webhooks.reception import reloaded_directory
from webhooks.models import EventOutcome, ReceivedEvent, ReceptionEvent

pytestmark = pytest.mark.django_db(transaction=True)

JANE, JOHN = "jane@example.com", "john@example.com"


@pytest.fixture
def shop(site: Site) -> PublishableKey:
    return shop_key(site)


@pytest.fixture
def viewed(site: Site) -> ReceptionEvent:
    return app_event(site, field("product"), alias="viewed")


@pytest.fixture
def signed_up(site: Site) -> ReceptionEvent:
    """An event whose own e-mail names the person."""
    fields = (
        field("mail", "email", is_primary_key=True),
        field("name", system_field="_name"),
    )
    return app_event(site, *fields, alias="signed-up")


def deliver(shop: PublishableKey, *entries: Any, **said: Any) -> None:
    assert send(shop, batch(*entries, **said)).status_code == 202
    worked_off()


def products(email: str | None) -> list[str]:
    found = Activity.objects.filter(contact__email=email, type="viewed").order_by("occurred_at")
    return [activity.properties["product"] for activity in found]


def test_a_visitor_becomes_a_contact_without_a_name(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    deliver(shop, sent(viewed, {"product": "a"}))
    deliver(shop, sent(viewed, {"product": "b"}))
    assert Contact.objects.get().email is None
    assert products(None) == ["a", "b"]


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("by", ["entityInfo", "payload"])
def test_an_email_merges_the_visitor_into_the_person(
    site: Site,
    shop: PublishableKey,
    viewed: ReceptionEvent,
    signed_up: ReceptionEvent,
    is_known: bool,
    by: str,
) -> None:
    known = contact(site, JANE) if is_known else None
    deliver(shop, sent(viewed, {"product": "before"}))
    if by == "payload":
        deliver(shop, sent(signed_up, {"mail": JANE, "name": "Jane"}))
    else:
        deliver(shop, sent(signed_up, {"name": "Jane"}), email=f" {JANE.upper()} ")
    deliver(shop, sent(viewed, {"product": "after"}))
    person = Contact.objects.get()
    assert (person.email, person.first_name) == (JANE, "Jane")
    assert known is None or person.pk == known.pk
    assert products(JANE) == ["before", "after"]
    assert EventOutcome.objects.filter(contact=person).count() == 3


def test_the_field_of_the_event_decides_over_what_the_page_says_of_its_user(
    shop: PublishableKey, signed_up: ReceptionEvent
) -> None:
    deliver(shop, sent(signed_up, {"mail": JANE}), email=JOHN)
    assert list(Contact.objects.values_list("email", flat=True)) == [JANE]


def test_the_email_of_an_event_may_come_only_sometimes(site: Site, shop: PublishableKey) -> None:
    searched = app_event(
        site, field("mail", "email", is_primary_key=True), field("words"), alias="searched"
    )
    deliver(shop, sent(searched, {"words": "red shoes"}))
    assert Contact.objects.get().email is None
    deliver(shop, sent(searched, {"words": "blue shoes", "mail": JANE}))
    person = Contact.objects.get()
    assert (person.email, person.activities.count()) == (JANE, 2)
    nobody = json.loads(send(shop, batch(sent(searched, {"words": "x"}), tracker=None)).content)
    assert nobody["events"][0]["error"]["code"] == "NO_IDENTITY"


def test_one_tracker_id_is_one_visitor_in_all_events_of_the_site(
    site: Site, shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    bought = app_event(site, field("order"), alias="bought")
    deliver(shop, sent(viewed, {"product": "a"}), sent(bought, {"order": "1"}))
    assert Contact.objects.get().activities.count() == 2
    assert ContactSourceId.objects.get().source_key == "app"


def test_another_site_has_visitors_of_its_own(shop: PublishableKey, viewed: ReceptionEvent) -> None:
    other = SiteFactory.create()
    deliver(shop, sent(viewed, {"product": "a"}))
    other_shop, other_event = shop_key(other), app_event(other, field("product"))
    reloaded_directory()
    deliver(other_shop, sent(other_event, {"product": "a"}))
    assert Contact.objects.count() == 2


def test_a_webhook_of_the_site_and_a_page_meet_in_one_person(
    site: Site, shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    post(webhook_event(site), {"data": {"customer": {"contacts": [0, {"value": JANE}]}}})
    worked_off()
    deliver(shop, sent(viewed, {"product": "a"}), email=JANE)
    assert Contact.objects.get().activities.count() == 2


def test_two_people_on_one_device_stay_two(shop: PublishableKey, viewed: ReceptionEvent) -> None:
    deliver(shop, sent(viewed, {"product": "1"}), email=JANE)
    deliver(shop, sent(viewed, {"product": "2"}), email=JOHN)
    deliver(shop, sent(viewed, {"product": "3"}))
    assert products(JANE) == ["1"]
    assert products(JOHN) == ["2", "3"]
    assert not ContactMerge.objects.exists()


def test_a_request_that_waited_on_the_device_does_not_take_it_back(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    now = timezone.now()
    entry = sent(viewed, {"product": "2"}, occurredAt=(now - timedelta(hours=1)).isoformat())
    deliver(shop, entry, email=JOHN)
    entry = sent(viewed, {"product": "1"}, occurredAt=(now - timedelta(hours=2)).isoformat())
    deliver(shop, entry, email=JANE)
    deliver(shop, sent(viewed, {"product": "3"}))
    assert (products(JANE), products(JOHN)) == (["1"], ["2", "3"])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("yesterday", "Not a date in ISO 8601"),
        ("2026-05-01", "A day alone is no instant."),
        ("2026-05-01T12:00:00", "The time has no offset."),
        (7, "Expected a string."),
    ],
)
def test_a_time_that_is_none_is_left_out_with_a_note(
    shop: PublishableKey, viewed: ReceptionEvent, given: Any, reason: str
) -> None:
    deliver(shop, sent(viewed, {"product": "a"}, occurredAt=given))
    (note,) = EventOutcome.objects.get().notes
    assert note.startswith(f"occurredAt was left out: {reason}")
    assert Activity.objects.get().occurred_at == ReceivedEvent.objects.get().received_at


def test_a_clock_that_runs_ahead_is_not_believed(
    shop: PublishableKey, viewed: ReceptionEvent
) -> None:
    ahead = timezone.now() + timedelta(days=2)
    deliver(shop, sent(viewed, {"product": "a"}, occurredAt=ahead.isoformat()))
    assert Activity.objects.get().occurred_at == ReceivedEvent.objects.get().received_at


@pytest.mark.parametrize(
    ("entity", "note"),
    [
        ({"trackerId": "t", "primaryKey": "nobody"}, "The primaryKey was left out"),
        ({"trackerId": "GA1.2.3", "primaryKey": JANE}, "The tracker id was left out"),
    ],
)
def test_half_of_an_identity_is_enough(
    shop: PublishableKey, viewed: ReceptionEvent, entity: dict[str, str], note: str
) -> None:
    body = batch(sent(viewed, {"product": "a"})) | {"entityInfo": entity}
    assert send(shop, body).status_code == 202
    worked_off()
    assert note in EventOutcome.objects.get().notes[0]
    assert Activity.objects.count() == 1


class TestErased:
    @pytest.fixture(autouse=True)
    def erased(self, site: Site, shop: PublishableKey, viewed: ReceptionEvent) -> None:
        deliver(shop, sent(viewed, {"product": "a"}), email=JANE)
        change = ContactChange(identity=Identity(email=JANE), deletion=Deletion(reason="asked"))
        source = ChangeSource(key="staff", label="Staff", received_at=timezone.now())
        contact_apply(site=site, change=change, source=source)

    def test_their_device_alone_does_not_bring_them_back(
        self, shop: PublishableKey, viewed: ReceptionEvent
    ) -> None:
        deliver(shop, sent(viewed, {"product": "b"}))
        assert not Activity.objects.exists()
        assert Contact.objects.get().deleted_at is not None

    def test_nor_does_what_waited_there_since_before(
        self, shop: PublishableKey, viewed: ReceptionEvent
    ) -> None:
        before = (timezone.now() - timedelta(minutes=1)).isoformat()
        deliver(shop, sent(viewed, {"product": "b"}, occurredAt=before), email=JANE)
        assert not Contact.objects.filter(email=JANE).exists()
        assert not Activity.objects.exists()

    def test_the_next_user_of_the_device_is_somebody_else(
        self, shop: PublishableKey, viewed: ReceptionEvent
    ) -> None:
        deliver(shop, sent(viewed, {"product": "b"}), email=JOHN)
        deliver(shop, sent(viewed, {"product": "c"}))
        assert products(JOHN) == ["b", "c"]


STEP = st.tuples(
    st.sampled_from(["", JANE, JOHN]), st.sampled_from([None, "d1", "d2"]), st.booleans()
).filter(lambda step: bool(step[0] or step[1]))


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_two_addresses_never_become_one_person(
    shop: PublishableKey,
    viewed: ReceptionEvent,
    signed_up: ReceptionEvent,
    settings: Settings,
    steps: list[tuple[str, str | None, bool]],
    random: Any,
) -> None:
    """In any order, in any mixture of requests and batches of the worker."""
    # So many examples come faster than one address may send.
    settings.APP_THROTTLE_PER_ADDRESS = 0
    Contact.objects.all().delete()
    ReceivedEvent.objects.all().delete()
    start = timezone.now() - timedelta(hours=1)
    numbered = list(enumerate(steps))
    random.shuffle(numbered)
    for number, (email, device, is_field) in numbered:
        at = (start + timedelta(minutes=number)).isoformat()
        entry = sent(viewed, {"product": email}, occurredAt=at)
        if email and is_field:
            entry = sent(signed_up, {"mail": email, "name": email}, occurredAt=at)
        said = {} if email and is_field else {"email": email}
        assert send(shop, batch(entry, tracker=device, **said)).status_code == 202
        if random.random() < 0.5:
            worked_off()
    worked_off()
    assert set(ReceivedEvent.objects.values_list("status", "attempts")) == {("processed", 1)}
    emails = {email for email, _, _ in steps if email}
    assert set(Contact.objects.exclude(email=None).values_list("email", flat=True)) == emails
    for activity in Activity.objects.select_related("contact"):
        said_by = activity.properties.get("product") or activity.properties.get("mail")
        assert said_by in ("", None, activity.contact.email)
    assert Activity.objects.count() == len(steps)
