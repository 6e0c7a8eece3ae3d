"""Devices of anonymous visitors: whose they are, and that they never make one person of two."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Activity, Contact, ContactMerge, ContactSourceId
from contacts.services import AppliedChange, ChangeItem, contacts_apply_batch
from integrations.contact_change import ActivityFact, Deletion
from sites.models import Site
from tests.contacts.changes import apply, change, source

A, B, C = ({"email": f"{name}@example.com"} for name in "abc")
DEVICE = {"anonymous": "d"}


def codes(result: AppliedChange) -> list[str]:
    return [note.partition(":")[0] for note in result.notes]


def owner(device: str = "d") -> str | None:
    contact = ContactSourceId.objects.select_related("contact").get(value=device).contact
    return contact.email


def seen(site: Site, who: dict[str, Any], minute: float) -> AppliedChange:
    return apply(site, who, minute, activities=(ActivityFact(type="view"),))


def test_a_device_goes_over_to_whom_it_is_seen_with(site: Site) -> None:
    first = apply(site, A | DEVICE, 1)
    second = apply(site, B | DEVICE, 2)
    assert first.contact_id != second.contact_id
    assert codes(second) == ["DEVICE_MOVED"]
    assert seen(site, DEVICE, 3).contact_id == second.contact_id
    back = apply(site, A | DEVICE, 4)
    assert back.contact_id == first.contact_id
    assert seen(site, DEVICE, 5).contact_id == first.contact_id
    assert not ContactMerge.objects.exists()


def test_an_earlier_sight_that_arrives_later_does_not_take_it_back(site: Site) -> None:
    apply(site, A | DEVICE, 1)
    apply(site, B | DEVICE, 5)
    late = apply(site, A | DEVICE, 3)
    assert codes(late) == ["IDENTITY_HELD"]
    assert owner() == B["email"]


def test_the_holder_keeps_it_while_seen_with_it(site: Site) -> None:
    apply(site, A | DEVICE, 1)
    apply(site, A | DEVICE, 6)
    apply(site, B | DEVICE, 3)
    assert owner() == A["email"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_the_last_sight_decides(site: Site, order: tuple[int, ...]) -> None:
    steps = [(A | DEVICE, 1), (B | DEVICE, 2), (C | DEVICE, 3)]
    for number in order:
        apply(site, *steps[number])
    assert owner() == C["email"]
    assert Contact.objects.count() == 3


def test_it_moves_several_times_within_one_batch(site: Site) -> None:
    apply(site, B, 0)
    steps = [(A | DEVICE, 1), (B | DEVICE, 2), (C | DEVICE, 3), (DEVICE, 4)]
    by = source()
    results = contacts_apply_batch(
        [ChangeItem(site=site, change=change(who, minute), source=by) for who, minute in steps]
    )
    assert len({result.contact_id for result in results}) == 3
    assert results[3].contact_id == results[2].contact_id
    assert owner() == C["email"]


def test_a_device_moves_on_from_a_contact_that_was_merged_in_the_same_batch(site: Site) -> None:
    apply(site, A, 0)
    apply(site, DEVICE, 0)
    by = source()
    contacts_apply_batch(
        [
            ChangeItem(site=site, change=change(A | DEVICE, 1), source=by),
            ChangeItem(site=site, change=change(B | DEVICE, 2), source=by),
        ]
    )
    assert owner() == B["email"]
    assert Contact.objects.count() == 2


def test_a_phone_that_others_share_does_not_take_a_device_from_an_address(site: Site) -> None:
    phone = {"phone": "0701234567"}
    first = apply(site, A | phone, 1)
    second = apply(site, B | DEVICE, 2)
    result = apply(site, phone | DEVICE, 3)
    assert result.contact_id == first.contact_id
    assert {first.contact_id, second.contact_id} == set(
        Contact.objects.values_list("pk", flat=True)
    )


class TestErased:
    @pytest.fixture(autouse=True)
    def erased(self, site: Site) -> AppliedChange:
        person = apply(site, A | DEVICE, 1)
        apply(site, A, 10, deletion=Deletion(reason="asked"))
        return person

    def test_what_their_device_sends_alone_has_no_effect(
        self, site: Site, erased: AppliedChange
    ) -> None:
        result = seen(site, DEVICE, 11)
        assert codes(result) == ["CONTACT_DELETED"]
        assert not Activity.objects.exists()

    def test_what_was_said_before_has_no_effect_even_with_the_address(
        self, site: Site, erased: AppliedChange
    ) -> None:
        result = seen(site, A | DEVICE, 9)
        assert (result.contact_id, codes(result)) == (erased.contact_id, ["CONTACT_DELETED"])
        assert not Contact.objects.filter(email__isnull=False).exists()

    def test_a_new_user_has_the_device(self, site: Site, erased: AppliedChange) -> None:
        result = seen(site, B | DEVICE, 11)
        assert result.contact_id != erased.contact_id
        assert seen(site, DEVICE, 12).contact_id == result.contact_id
        assert Contact.objects.get(pk=str(erased.contact_id)).deleted_at is not None


WHO = st.sampled_from([None, "a", "b", "c"])
STEP = st.tuples(WHO, st.sampled_from([None, "d1", "d2"])).filter(any)
STEPS = st.lists(STEP, min_size=1, max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS.flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(range(len(steps))))))
def test_two_addresses_are_two_people_in_any_order(
    site: Site, given_steps: tuple[list[tuple[str | None, str | None]], list[int]]
) -> None:
    steps, order = given_steps
    with transaction.atomic():
        for number in order:
            name, device = steps[number]
            who = {"email": f"{name}@example.com"} if name else {}
            if device:
                who["anonymous"] = device
            apply(
                site, who, number, activities=(ActivityFact(type="view", properties={"as": name}),)
            )
        names = {name for name, _ in steps if name}
        emails = Contact.objects.exclude(email=None).values_list("email", flat=True)
        assert Counter(emails) == Counter(f"{name}@example.com" for name in names)
        for activity in Activity.objects.select_related("contact"):
            said = activity.properties["as"]
            assert said is None or activity.contact.email == f"{said}@example.com"
        for device in {device for _, device in steps if device}:
            named = [name for name, other in steps if other == device and name]
            if named:
                assert owner(device) == f"{named[-1]}@example.com"
        transaction.set_rollback(True)
