from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from contacts.loyalty.expiring import expire_points
from contacts.loyalty.points import (
    NotEnoughPoints,
    points_award,
    points_correct,
)
from contacts.models import PointAccount, PointTransaction
from integrations.contact_change import Deletion
from sites.models import Site
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import (
    LONG_AGO,
    assert_adds_up,
    award,
    by,
    contact_of,
    contacts_of,
    definition_of,
    nobody,
    order,
    redeem,
)
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db


def test_an_award_is_a_transaction_and_a_balance(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    outcome = award(contact, points, "100.1234", description="Welcome", user_name="anna")
    assert (outcome.refusal, outcome.is_repeat, outcome.balance) == ("", False, Decimal("100.1234"))
    account = PointAccount.objects.get()
    assert (account.balance, account.expires_at) == (Decimal("100.1234"), None)
    row = PointTransaction.objects.get()
    assert (row.kind, row.amount, row.source) == ("award", Decimal("100.1234"), "API: Shop")
    assert (row.description, row.user_name, row.source_key) == ("Welcome", "anna", "key_shop")


def test_many_contacts_get_points_in_a_few_queries(
    site: Site, django_assert_max_num_queries: object
) -> None:
    contacts, points = contacts_of(site, 20), definition_of(site)
    orders = [order(contact, points, "5") for contact in contacts for _ in range(2)]
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        outcomes = points_award(orders=orders, source=by())
    assert {outcome.balance for outcome in outcomes} == {Decimal(5), Decimal(10)}
    for account in PointAccount.objects.all():
        assert_adds_up(account)


def test_the_same_source_id_awards_once(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    first = award(contact, points, "10", source_id="order-1")
    again = award(contact, points, "10", source_id="order-1")
    assert again.is_repeat
    assert first.transaction is not None
    assert again.transaction == first.transaction
    assert again.balance == Decimal(10)
    both = points_award(
        orders=[order(contact, points, "1", source_id="order-2") for _ in range(2)], source=by()
    )
    assert [outcome.is_repeat for outcome in both] == [False, True]
    other = points_award(
        orders=[order(contact, points, "10", source_id="order-1")], source=by("key_other")
    )
    assert not other[0].is_repeat
    assert_adds_up(PointAccount.objects.get())


def test_a_repeat_is_known_after_the_points_were_switched_off(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    award(contact, points, "10", source_id="order-1")
    points.is_active = False
    points.save()
    assert award(contact, points, "10", source_id="order-1").is_repeat
    assert "switched off" in award(contact, points, "10", source_id="order-2").refusal
    assert redeem(contact, points, "10").balance == 0


def test_one_refusal_does_not_stop_the_others(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    off = definition_of(site, 2, is_active=False)
    elsewhere = definition_of(SiteFactory.create(), 1)
    orders = [
        order(contact, points, "1.00001"),
        order(contact, points, "0"),
        order(contact, points, "-1"),
        order(contact, points, "NaN"),
        order(contact, points, "100000000000"),
        order(nobody(), points, "1"),
        order(contact, elsewhere, "1"),
        order(contact, off, "1"),
        order(contact, points, "1", source_id="x" * 201),
        order(contact, points, "99999999999.9999"),
        order(contact, points, "0.0001"),
    ]
    outcomes = points_award(orders=orders, source=by())
    assert [bool(outcome.refusal) for outcome in outcomes] == [*[True] * 9, False, True]
    assert all(outcome.transaction is None for outcome in outcomes if outcome.refusal)
    assert PointAccount.objects.get().balance == Decimal("99999999999.9999")


def test_an_erased_contact_gets_nothing(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    apply(site, {"email": contact.email}, deletion=Deletion(reason="asked"))
    assert "no such contact" in award(contact, points, "1").refusal
    assert not PointAccount.objects.exists()


def test_what_expires_first_is_redeemed_first(site: Site) -> None:
    contact = contact_of(site)
    points = definition_of(site, expires_after_days=30)
    award(contact, points, "10", source_id="late")
    now = timezone.now()
    award(contact, points, "10", source_id="soon", occurred_at=now - timedelta(days=20))
    points.expires_after_days = None
    award(contact, points, "10", source_id="never")
    assert redeem(contact, points, "15.5").balance == Decimal("14.5")
    left = dict(PointTransaction.objects.filter(amount__gt=0).values_list("source_id", "remaining"))
    assert left == {"soon": 0, "late": Decimal("4.5"), "never": 10}
    account = PointAccount.objects.get()
    assert_adds_up(account)
    assert redeem(contact, points, "5").balance == Decimal("9.5")
    assert_adds_up(account)
    assert PointAccount.objects.get().expires_at is None


def test_more_than_there_is_is_not_redeemed(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    with pytest.raises(NotEnoughPoints):
        redeem(contact, points, "1")
    award(contact, points, "10")
    with pytest.raises(NotEnoughPoints) as raised:
        redeem(contact, points, "10.0001")
    assert raised.value.balance == Decimal(10)
    assert redeem(contact, points, "10", source_id="r1").balance == 0
    assert redeem(contact, points, "10", source_id="r1").is_repeat
    assert_adds_up(PointAccount.objects.get())


def test_points_expire_as_transactions_of_their_own(site: Site) -> None:
    contacts = contacts_of(site, 3)
    points = definition_of(site, expires_after_days=365)
    for contact in contacts:
        award(contact, points, "10", occurred_at=LONG_AGO)
        award(contact, points, "5")
    redeemed = contacts[0]
    assert expire_points() == 3
    assert expire_points() == 0
    for account in PointAccount.objects.all():
        assert account.balance == 5
        assert_adds_up(account)
        row = account.transactions.get(kind="expire")
        assert (row.amount, row.occurred_at) == (Decimal(-10), LONG_AGO + timedelta(days=365))
    with pytest.raises(NotEnoughPoints):
        redeem(redeemed, points, "6")


def test_expired_points_are_not_redeemed_before_the_schedule_comes(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site, expires_after_days=1)
    award(contact, points, "10", occurred_at=LONG_AGO)
    award(contact, points, "3")
    with pytest.raises(NotEnoughPoints) as raised:
        redeem(contact, points, "4")
    assert raised.value.balance == 3
    assert redeem(contact, points, "3").balance == 0
    assert_adds_up(PointAccount.objects.get())
    kinds = set(PointTransaction.objects.values_list("kind", flat=True))
    assert kinds == {"award", "redeem", "expire"}


def test_a_correction_adds_and_takes(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    award(contact, points, "10")
    down = points_correct(order=order(contact, points, "-4", reason="typed wrong"), source=by())
    assert (down.balance, down.transaction and down.transaction.kind) == (Decimal(6), "correct")
    assert points_correct(order=order(contact, points, "1"), source=by()).balance == 7
    with pytest.raises(NotEnoughPoints):
        points_correct(order=order(contact, points, "-8"), source=by())
    assert_adds_up(PointAccount.objects.get())


def test_a_balance_that_a_source_tells_is_not_changed_here(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    PointAccount.objects.create(
        definition=points,
        contact=contact,
        balance=50,
        told_by="src_engage",
        updated_at=timezone.now(),
    )
    assert "connected system" in award(contact, points, "1").refusal
    assert "connected system" in redeem(contact, points, "1").refusal
    assert PointAccount.objects.get().balance == 50


def test_a_merged_contact_is_told_to_be_gone(site: Site) -> None:
    one = contact_of(site, "one@example.com")
    apply(site, {"phone": "0701234567"})
    younger = site.pk and contact_of(site, "one@example.com")
    assert younger == one
    merged = apply(site, {"email": "one@example.com", "phone": "0701234567"})
    (gone,) = merged.absorbed_ids
    points = definition_of(site)
    assert "merged" in points_award(orders=[order(gone, points, "1")], source=by())[0].refusal
