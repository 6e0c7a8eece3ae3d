"""Delivery order is promised by nobody: whatever order and batches, the outcome is the same."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.applying.instants import iso, micros
from contacts.models import Consent, Contact, EmailListStatus, Preference
from contacts.services import ChangeItem, ChangeKind, contacts_apply_batch
from integrations.contact_change import (
    IDENTITY_FIELDS,
    PLAIN_FIELDS,
    ActivityFact,
    Channel,
    ConsentFact,
    ContactChange,
    Deletion,
    EmailListFact,
    EmailStatus,
    Identity,
    SourceIdKind,
)
from sites.models import Site
from tests.contacts.changes import change, source

pytestmark = pytest.mark.django_db

relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Two people; each identity belongs to one of them for good.
PEOPLE: list[dict[str, Any]] = [
    {
        "contact": f"id-{n}",
        "email": f"p{n}@example.com",
        "external_id": f"crm-{n}",
        "phone": f"+4670123456{n}",
    }
    for n in (1, 2)
]

facts = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.dictionaries(
            st.sampled_from(["first_name", "city"]), st.sampled_from(["a", "b", None])
        ),
        "attributes": st.dictionaries(
            st.sampled_from(["x", "y"]), st.sampled_from([1, "two", None])
        ),
        "preferences": st.dictionaries(st.sampled_from(list(Channel)), st.booleans()),
        "consents": st.lists(
            st.builds(ConsentFact, consent_id=st.sampled_from(["c", "d"]), value=st.booleans()),
            max_size=1,
        ).map(tuple),
        "email_list": st.builds(
            EmailListFact,
            kind=st.sampled_from(["soft", "hard", "unsubscribe", "complaint"]),
            list_id=st.sampled_from(["1", "2"]),
        ),
        "email_status": st.sampled_from(list(EmailStatus)),
    },
)


def who_of(person: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: person[name] for name in names}


identities = st.sets(st.sampled_from(sorted(PEOPLE[0])), min_size=1)
events = st.lists(st.tuples(st.sampled_from(PEOPLE), identities, facts), min_size=2, max_size=7)


def apply_all(site: Site, changes: list[ContactChange], sizes: list[int]) -> None:
    items = [ChangeItem(site=site, change=each, source=source()) for each in changes]
    while items:
        size = sizes[len(items) % len(sizes)]
        contacts_apply_batch(items[:size])
        items = items[size:]


def final_state(site: Site) -> list[Any]:
    """Return all that is known, without ids and without when it was written."""
    people = []
    for contact in Contact.objects.filter(site=site):
        values = {name: getattr(contact, name) for name in (*PLAIN_FIELDS, *IDENTITY_FIELDS)}
        values["status"] = contact.email_status
        values["attributes"] = sorted(contact.attributes.items())
        values["deleted"] = contact.deleted_at
        values["ids"] = sorted(contact.source_ids.values_list("value", flat=True))
        for model, name, value in (
            (Preference, "channel", "accepts"),
            (Consent, "consent_id", "value"),
        ):
            rows = model._default_manager.filter(contact=contact)
            values[model.__name__] = sorted(rows.values_list(name, value))
        lists = EmailListStatus.objects.filter(contact=contact)
        values["lists"] = sorted(lists.values_list("list_id", "kind", "soft_bounces"))
        people.append(sorted(values.items()))
    return sorted(people, key=str)


def outcome_of(site: Site, changes: list[ContactChange], sizes: list[int]) -> list[Any]:
    """Apply the changes, look, and undo them, so that another order can be tried."""
    with transaction.atomic():
        apply_all(site, changes, sizes)
        state = final_state(site)
        transaction.set_rollback(True)
    return state


batch_sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@relaxed
@given(data=st.data(), said=events, sizes=batch_sizes)
def test_facts_about_people_with_fixed_identities(
    site: Site, data: st.DataObject, said: list[Any], sizes: list[int]
) -> None:
    # A snapshot of each at the end of time names all their identities, as the senders do.
    said = [*said, *((person, set(person), {}) for person in PEOPLE)]
    changes = [
        change(who_of(person, names), minute, **values)
        for minute, (person, names, values) in enumerate(said)
    ]
    shuffled = data.draw(st.permutations(changes))
    assert outcome_of(site, shuffled, sizes) == outcome_of(site, changes, [1])


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_word_on_a_list_that_was_said_again_is_the_newest(site: Site, order: Any) -> None:
    person = PEOPLE[0]

    def said(minute: int, names: set[str], kind: str) -> ContactChange:
        fact = EmailListFact(kind=kind, list_id="1")
        return change(who_of(person, names), minute, email_list=fact)

    changes = [
        said(1, {"contact"}, "unsubscribe"),
        said(2, {"email"}, "hard"),
        said(3, {"contact"}, "unsubscribe"),
        change(person, 4),
    ]
    (state,) = outcome_of(site, [changes[number] for number in order], [1])
    assert dict(state)["lists"] == [("1", "unsubscribe", 0)]


addresses = st.sampled_from([f"a{n}@example.com" for n in range(3)])


@relaxed
@given(data=st.data(), emails=st.lists(addresses, min_size=2, max_size=6), sizes=batch_sizes)
def test_a_person_who_changes_address(
    site: Site, data: st.DataObject, emails: list[str], sizes: list[int]
) -> None:
    changes = [
        change({"contact": "1", "email": email}, minute) for minute, email in enumerate(emails)
    ]
    shuffled = data.draw(st.permutations(changes))
    state = outcome_of(site, shuffled, sizes)
    assert state == outcome_of(site, changes, [1])
    assert dict(state[0])["email"] == emails[-1]


@relaxed
@given(data=st.data(), sizes=batch_sizes, is_recreated=st.booleans(), updates=st.integers(0, 3))
def test_a_person_who_is_deleted_and_perhaps_created_again(
    site: Site, data: st.DataObject, sizes: list[int], is_recreated: bool, updates: int
) -> None:
    who = {"contact": "1", "email": "a@example.com"}
    changes = [change(who, 1, revives=True, fields={"city": "Lund"})]
    changes += [
        change(who, 2 + n, fields={"street": str(n)}, attributes={"n": n}) for n in range(updates)
    ]
    changes.append(change({"contact": "1"}, 10, deletion=Deletion(reason="left")))
    if is_recreated:
        changes.append(change(who, 12, revives=True, fields={"first_name": "Jane"}))
    shuffled = data.draw(st.permutations(changes))
    state = outcome_of(site, shuffled, sizes)
    assert state == outcome_of(site, changes, [1])
    person = dict(state[0])
    assert (person["email"], person["city"]) == ("a@example.com" if is_recreated else None, "")


texts = st.text(max_size=30) | st.sampled_from(
    ["a@example.com", "+46701234567", "\x00", "\ud800", "x" * 600, "20040217-7935", "é@exämple.se"]
)
instants = st.none() | st.datetimes(timezones=st.just(UTC)) | st.datetimes()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.decimals(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
)
anything = st.builds(
    ContactChange,
    identity=st.builds(
        Identity,
        email=texts,
        phone=texts,
        external_id=texts,
        personal_identity_number=texts,
        source_ids=st.dictionaries(st.sampled_from(list(SourceIdKind)), texts),
    ),
    occurred_at=instants,
    fields=st.dictionaries(
        st.sampled_from([*PLAIN_FIELDS, *IDENTITY_FIELDS]) | texts, st.none() | texts, max_size=4
    ),
    attributes=st.dictionaries(texts, json_values, max_size=3),
    preferences=st.dictionaries(st.sampled_from(list(Channel)), st.booleans()),
    consents=st.lists(
        st.builds(
            ConsentFact,
            consent_id=texts,
            value=st.booleans(),
            at=instants,
            source=texts,
            comment=texts,
        ),
        max_size=2,
    ).map(tuple),
    email_status=st.none() | st.sampled_from(list(EmailStatus)),
    email_list=st.none() | st.builds(EmailListFact, kind=texts, list_id=texts, esp_name=texts),
    activities=st.lists(
        st.builds(
            ActivityFact,
            type=texts,
            key=texts,
            occurred_at=instants,
            properties=st.dictionaries(texts, json_values, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
    deletion=st.none() | st.builds(Deletion, reason=texts),
    revives=st.booleans(),
    cause=texts,
)


@settings(relaxed, max_examples=200)
@given(changes=st.lists(anything, min_size=1, max_size=4))
def test_nothing_a_sender_says_breaks_a_batch(site: Site, changes: list[ContactChange]) -> None:
    items = [ChangeItem(site=site, change=each, source=source()) for each in changes]
    results = contacts_apply_batch(items)
    for result in results:
        assert (result.kind is ChangeKind.REJECTED) == bool(result.cause)
        assert result.contact_id is None or Contact.objects.filter(pk=result.contact_id).exists()
    for contact in Contact.objects.all():
        assert all(not math.isnan(at) for at in contact.fact_times.values())


def test_instants_are_exact_to_the_microsecond() -> None:
    for instant in (
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ):
        assert datetime.fromisoformat(iso(micros(instant))) == instant
    assert micros(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)) == 1
