"""Changes of contacts as events: which, about whom, in what shape, and each once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jsonschema
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.models import Contact, ContactRevision, Preference
from contacts.services import ChangeItem, contacts_apply_batch
from integrations.contact_change import Channel, ConsentFact, ContactChange, Deletion
from sites.models import Site
from tests.contacts.changes import apply, at, change, source
from tests.factories import SiteFactory
from tests.webhooks.publishing import stored, subscribe, told
from webhooks.models import Delivery, DeliveryStatus, Event, Subscription
from webhooks.outbound.event_types import event_type_named

pytestmark = pytest.mark.django_db

JANE = {"email": "jane@example.com"}
NUMBER = "swedishFinnishPersonalIdentityNumber"


@pytest.fixture
def everything(site: Site) -> Subscription:
    return subscribe(site)


def checked(site: Site) -> list[tuple[str, Any]]:
    """Return all events of a site, each of which fits the schema of its type."""
    for event_type, payload in stored(site):
        known = event_type_named(site, event_type)
        assert known is not None
        if payload:
            jsonschema.validate(payload, known.schema)
    return stored(site)


def test_a_creation_is_one_event_with_the_whole_contact(
    site: Site, everything: Subscription
) -> None:
    applied = apply(
        site,
        JANE | {"phone": "+46701234567"},
        fields={"city": "Lund", "birth_date": "2004-02-17"},
        attributes={"memberNumber": 1234567, "shoeSize": "43"},
        preferences={Channel.EMAIL: True},
        consents=(ConsentFact(consent_id="terms", value=True),),
    )
    ((event_type, payload),) = checked(site)
    assert event_type == "contact.created"
    assert len(payload) == 24
    contact = Contact.objects.get()
    assert payload["contactId"] == str(applied.contact_id)
    assert payload["creationTime"] == contact.created_at.isoformat().replace("+00:00", "Z")
    assert (payload["email"], payload["mobilePhone"]) == ("jane@example.com", "+46701234567")
    assert (payload["city"], payload["dateOfBirth"]) == ("Lund", "2004-02-17")
    assert (payload["memberNumber"], payload["customAttributes"]) == ("1234567", {"shoeSize": "43"})
    assert (payload["contactTypeId"], payload["street"], payload[NUMBER]) == ("Member", None, None)
    event = Event.objects.get()
    assert event.contact_id == contact.pk
    assert event.subject == {"email": "jane@example.com", "phone": "+46701234567"}
    assert (event.order_key, event.source_key) == (contact.pk.hex, "src_engage")
    assert told(everything) == ["contact.created"]


def test_an_update_tells_what_changed_by_whom(site: Site, everything: Subscription) -> None:
    apply(site, JANE, 1, fields={"city": "Lund"})
    by = source("key_1", received_event_id=None)
    apply(
        site, JANE, 2, by=by, fields={"city": "Malmö"}, attributes={"size": 4, "memberNumber": "7"}
    )
    apply(site, JANE, 3, fields={"city": "Malmö"})
    (_, (event_type, payload)) = checked(site)
    assert event_type == "contact.updated"
    assert payload["changedValues"] == [
        {"path": "City", "previousValue": "Lund", "value": "Malmö"},
        {"path": "CustomAttributes.size", "previousValue": None, "value": 4},
        {"path": "MemberNumber", "previousValue": None, "value": "7"},
    ]
    assert (payload["city"], payload["memberNumber"]) == ("Malmö", "7")
    assert (payload["updatedViaSourceType"], payload["updatedWithSpecificSource"]) == (
        "API",
        by.label,
    )
    assert Event.objects.get(type="contact.updated").occurred_at == at(2)


def test_preferences_and_consents_of_a_known_contact(site: Site, everything: Subscription) -> None:
    apply(site, JANE, 1)
    said = ConsentFact(consent_id="terms", value=True, comment="in the shop", source="till")
    apply(site, JANE, 2, preferences={Channel.SMS: True}, consents=(said,))
    apply(site, JANE, 3, preferences={Channel.SMS: False, Channel.POSTAL: False})
    contact_id = str(Contact.objects.get().pk)
    assert checked(site)[1:] == [
        (
            "contact.acceptsSms.changed",
            {"contactId": contact_id, "acceptsSms": True, "previousValue": False},
        ),
        (
            "contact.consent.changed",
            {
                "contactId": contact_id,
                "consentId": "terms",
                "value": True,
                "previousValue": None,
                "date": "2026-05-01T12:02:00Z",
                "source": "till",
                "comment": "in the shop",
            },
        ),
        (
            "contact.acceptsSms.changed",
            {"contactId": contact_id, "acceptsSms": False, "previousValue": True},
        ),
        (
            "contact.acceptsPostal.changed",
            {"contactId": contact_id, "acceptsPostal": False, "previousValue": False},
        ),
    ]


def test_the_personal_identity_number_never_enters_an_event(
    site: Site, everything: Subscription
) -> None:
    apply(site, JANE, 1)
    apply(site, JANE | {"personal_identity_number": "19900101-0017"}, 2)
    ((_, created), (_, updated)) = checked(site)
    assert (created[NUMBER], NUMBER in updated) == (None, False)
    assert updated["changedValues"] == [{"path": NUMBER[0].upper() + NUMBER[1:]}]
    assert not any("0017" in text for text in Event.objects.values_list("payload", flat=True))


def test_two_who_become_one(site: Site, everything: Subscription) -> None:
    kept = apply(site, JANE, 1, fields={"city": "Lund"}).contact_id
    gone = apply(site, {"external_id": "7"}, 2, fields={"city": "Malmö"}).contact_id
    Event.objects.all().delete()
    apply(site, JANE | {"external_id": "7"}, 3)
    deleted, updated = checked(site)
    assert deleted == (
        "contact.deleted",
        {"contactId": str(gone), "deletionReason": f"Became one with contact {kept}."},
    )
    assert (updated[0], updated[1]["contactId"]) == ("contact.updated", str(kept))
    assert (updated[1]["city"], updated[1]["externalId"]) == ("Malmö", "7")
    assert set(Event.objects.values_list("contact_id", flat=True)) == {kept}


def test_events_of_the_one_who_goes_follow_to_the_one_who_stays(
    site: Site, everything: Subscription
) -> None:
    kept = apply(site, JANE, 1).contact_id
    apply(site, {"external_id": "7"}, 2)
    apply(site, JANE | {"external_id": "7"}, 3)
    assert set(Event.objects.values_list("contact_id", flat=True)) == {kept}


def test_an_erasure_empties_what_was_told_and_cancels_what_was_not_sent(
    site: Site, everything: Subscription
) -> None:
    paused = subscribe(site, state="paused")
    apply(site, JANE, 1, fields={"city": "canary"})
    sent = Delivery.objects.get(subscription=everything)
    Delivery.objects.filter(pk=sent.pk).update(status=DeliveryStatus.SUCCEEDED)
    apply(site, {"email": "joe@example.com"}, 1)
    contact_id = apply(site, JANE, 2, deletion=Deletion(reason="cancelled membership")).contact_id
    first, _joe, deletion = Event.objects.order_by("pk")
    assert (first.payload, first.subject) == ("", {})
    assert stored_payload(deletion) == {
        "contactId": str(contact_id),
        "deletionReason": "cancelled membership",
    }
    mine = Delivery.objects.filter(event=first)
    assert mine.get(subscription=everything).status == DeliveryStatus.SUCCEEDED
    cancelled = mine.get(subscription=paused)
    assert cancelled.status == DeliveryStatus.CANCELLED
    assert "erased" in cancelled.reason
    assert told(everything) == ["contact.created", "contact.created", "contact.deleted"]
    assert Delivery.objects.filter(status=DeliveryStatus.PENDING).count() == 2


def stored_payload(event: Event) -> Any:
    return dict(stored(event.site))[event.type]


def test_a_batch_tells_nothing_of_whom_it_erases_but_the_end(
    site: Site, everything: Subscription
) -> None:
    apply(site, JANE, 1)
    batch(
        site,
        change(JANE, 2, fields={"city": "canary"}),
        change(JANE, 3, deletion=Deletion()),
        change({"email": "joe@example.com"}, 2),
        change({"email": "joe@example.com"}, 3, deletion=Deletion()),
    )
    assert [name for name, _ in stored_or_empty(site)] == ["contact.created", "contact.deleted"]
    assert not Event.objects.filter(payload__contains="canary").exists()


def stored_or_empty(site: Site) -> list[tuple[str, str]]:
    return list(Event.objects.filter(site=site).order_by("pk").values_list("type", "payload"))


def test_a_late_deletion_tells_anew_what_is_left(site: Site, everything: Subscription) -> None:
    contact = {"contact": "c-1"}
    apply(site, contact | JANE, 1, fields={"city": "canary"})
    apply(site, contact, 5, fields={"street": "Storgatan 1"}, revives=True)
    apply(site, contact, 3, deletion=Deletion())
    events = list(Event.objects.order_by("pk"))
    assert [event.payload for event in events[:-1]] == [""] * (len(events) - 1)
    assert events[-1].type == "contact.updated"
    assert '"street":"Storgatan 1"' in events[-1].payload
    assert "canary" not in events[-1].payload


def batch(site: Site, *changes: ContactChange) -> None:
    by = source()
    contacts_apply_batch([ChangeItem(site=site, change=each, source=by) for each in changes])


# Few people, few values, short batches: collisions are what is looked for.
people = st.sampled_from(["a", "b", "c"])
answers = st.dictionaries(st.sampled_from(list(Channel)), st.booleans(), max_size=2)
changes = st.builds(
    lambda who, minute, city, preferences, consent: change(
        {"email": f"{who}@example.com"},
        minute,
        fields={"city": city} if city else {},
        preferences=preferences,
        consents=() if consent is None else (ConsentFact(consent_id="terms", value=consent),),
    ),
    people,
    st.integers(0, 20),
    st.sampled_from(["", "Lund", "Malmö"]),
    answers,
    st.sampled_from([None, True, False]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(changes, min_size=1, max_size=4), max_size=5))
def test_each_change_is_one_event_and_answers_only_of_those_who_existed(
    batches: list[list[ContactChange]],
) -> None:
    with transaction.atomic():
        site = SiteFactory.create(slug="walk")
        everything = subscribe(site)
        for each in batches:
            batch(site, *each)
        _check(site, everything)
        transaction.set_rollback(True)


def _check(site: Site, everything: Subscription) -> None:
    expected: Counter[str] = Counter()
    for revision in ContactRevision.objects.filter(site=site):
        changed = revision.changes
        if "state" in changed:
            expected["contact.created"] += 1
            continue
        expected["contact.updated"] += bool({"city", "email"} & changed.keys())
        expected["contact.consent.changed"] += "consent.terms" in changed
        for channel, key in (("email", "Email"), ("sms", "Sms"), ("postal", "Postal")):
            expected[f"contact.accepts{key}.changed"] += f"preference.{channel}" in changed
    events = checked(site)
    assert Counter(name for name, _ in events) == +expected
    assert told(everything) == [name for name, _ in events]
    seen: set[str] = set()
    answered: dict[tuple[str, str], bool] = {}
    for name, payload in events:
        contact_id = payload["contactId"]
        assert (name == "contact.created") == (contact_id not in seen)
        seen.add(contact_id)
        for key in ("acceptsEmail", "acceptsSms", "acceptsPostal"):
            if key in payload:
                answered[contact_id, key.removeprefix("accepts").lower()] = payload[key]
    now = {
        (str(row.contact_id), row.channel): row.accepts
        for row in Preference.objects.filter(contact__site=site)
    }
    assert all(now[place] == accepts for place, accepts in answered.items())
