"""Many processes at once: threads with connections of their own lose nothing and deadlock never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.expiring import expire_points
from contacts.loyalty.points import NotEnoughPoints, points_award
from contacts.loyalty.undoing import (
    NotUndone,
    assignment_redemption_undo,
    voucher_redemption_undo,
)
from contacts.loyalty.vouchers import (
    NotRedeemable,
    VoucherOrder,
    voucher_redeem,
    vouchers_create,
)
from contacts.models import (
    Activity,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)
from integrations.loyalty_facts import BalanceFact, PointsFact
from sites.audit import Actor
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
    order,
    promotion_of,
    redeem,
)

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def at_once(work: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_awards_to_a_new_account_all_count(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    at_once(lambda n: [award(contact, points, "1.0001") for _ in range(5)])
    account = PointAccount.objects.get()
    assert account.balance == Decimal("1.0001") * THREADS * 5
    assert_adds_up(account)


def test_awards_and_redemptions_lose_nothing(site: Site) -> None:
    contact = contact_of(site)
    points = definition_of(site, expires_after_days=30)
    award(contact, points, "10")
    award(contact, points, "4", occurred_at=LONG_AGO)

    def work(number: int) -> Decimal:
        kept = Decimal(0)
        for turn in range(5):
            if number % 2:
                award(contact, points, "2.5", source_id=f"a-{number}-{turn}")
                kept += Decimal("2.5")
            else:
                try:
                    redeem(contact, points, "3.25")
                    kept -= Decimal("3.25")
                except NotEnoughPoints:
                    continue
            if number == 1:
                expire_points()
        return kept

    moved = sum(at_once(work), Decimal(0))
    expire_points()
    account = PointAccount.objects.get()
    assert account.balance == 10 + moved
    assert account.balance >= 0
    assert_adds_up(account)


def test_the_last_points_are_redeemed_once(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    award(contact, points, "10")

    def work(number: int) -> str:
        try:
            redeem(contact, points, "10")
        except NotEnoughPoints:
            return "too late"
        return "redeemed"

    assert Counter(at_once(work)) == {"redeemed": 1, "too late": THREADS - 1}
    assert_adds_up(PointAccount.objects.get())


def test_one_source_id_awards_once_whoever_comes_first(site: Site) -> None:
    contact, points = contact_of(site), definition_of(site)
    outcomes = at_once(lambda n: award(contact, points, "7", source_id="order-1"))
    assert [outcome.is_repeat for outcome in outcomes].count(False) == 1
    assert len({outcome.transaction.pk for outcome in outcomes}) == 1
    assert PointTransaction.objects.count() == 1
    assert_adds_up(PointAccount.objects.get())


def test_many_contacts_in_any_order_never_wait_in_a_circle(site: Site) -> None:
    contacts, points = contacts_of(site, 6), definition_of(site)

    def work(number: int) -> None:
        ordered = contacts if number % 2 else contacts[::-1]
        points_award(orders=[order(each, points, "1") for each in ordered], source=by())

    at_once(work)
    for account in PointAccount.objects.all():
        assert account.balance == THREADS
        assert_adds_up(account)


def test_a_merge_while_points_are_awarded_keeps_them_all(site: Site) -> None:
    contact_of(site, "jane@example.com")
    apply(site, {"phone": "0701234567"})
    points = definition_of(site)
    ids = {"email": "jane@example.com"}, {"phone": "0701234567"}

    def work(number: int) -> Decimal:
        if number == 0:
            apply(site, {**ids[0], **ids[1]}, 9)
            return Decimal(0)
        contact_id = apply(site, ids[number % 2], 5).contact_id
        assert contact_id is not None
        (outcome,) = points_award(orders=[order(contact_id, points, "1")], source=by())
        # Absorbed between the two lines: it is refused, and nothing is lost.
        return Decimal(0) if outcome.refusal else Decimal(1)

    awarded = sum(at_once(work), Decimal(0))
    account = PointAccount.objects.get()
    assert account.balance == awarded
    assert_adds_up(account)


def test_what_sources_tell_at_once_makes_one_account(site: Site) -> None:
    def work(number: int) -> None:
        facts = (
            BalanceFact(definition=1, balance=Decimal(number)),
            PointsFact(definition=1, amount=Decimal(1), source_id=str(number % 4)),
        )
        apply(site, {"email": f"{number % 2}@example.com"}, number, loyalty=facts)

    at_once(work)
    balances = sorted(PointAccount.objects.values_list("balance", flat=True))
    assert balances == [THREADS - 2, THREADS - 1]
    assert PointTransaction.objects.count() == 4


def test_a_voucher_is_redeemed_once(site: Site) -> None:
    contact = contact_of(site)
    made = VoucherOrder(contact_id=contact.pk, amount=Decimal(1), currency="SEK", source_id="v")
    outcomes = at_once(lambda n: vouchers_create(site=site, orders=[made], source=by())[0])
    assert [outcome.is_repeat for outcome in outcomes].count(False) == 1
    voucher = RewardVoucher.objects.get()

    def work(number: int) -> bool:
        try:
            voucher_redeem(voucher=RewardVoucher.objects.get(), source=by())
        except NotRedeemable:
            return False
        return True

    assert at_once(work).count(True) == 1
    voucher.refresh_from_db()
    assert voucher.redeemed_by == "API: Shop"


def test_a_promotion_is_assigned_and_redeemed_once(site: Site) -> None:
    contact, promotion = contact_of(site), promotion_of(site)
    outcomes = at_once(
        lambda n: promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())[0]
    )
    assert [outcome.is_repeat for outcome in outcomes].count(False) == 1

    def work(number: int) -> bool:
        assignment = PromotionAssignment.objects.get()
        try:
            assignment_redeem(assignment=assignment, channel="POS", source=by())
        except NotRedeemable:
            return False
        return True

    assert at_once(work).count(True) == 1


def test_one_of_many_takes_a_redemption_back(site: Site) -> None:
    contact = contact_of(site)
    order = VoucherOrder(contact_id=contact.pk, amount=Decimal(50), currency="SEK")
    voucher = vouchers_create(site=site, orders=[order], source=by())[0].voucher
    assert voucher
    given = promotions_assign(promotion=promotion_of(site), contact_ids=[contact.pk], source=by())
    assignment = given[0].assignment
    assert assignment
    redeemed_at = voucher_redeem(voucher=voucher, source=by()).redeemed_at
    used_at = assignment_redeem(assignment=assignment, channel="POS", source=by()).redeemed_at
    assert redeemed_at
    assert used_at

    def work(number: int) -> str:
        more: dict[str, Any] = {"reason": "Mistake", "actor": Actor.system(f"operator {number}")}
        try:
            if number % 2:
                voucher_redemption_undo(voucher=voucher, redeemed_at=redeemed_at, **more)
                return "voucher"
            assignment_redemption_undo(assignment=assignment, redeemed_at=used_at, **more)
        except NotUndone:
            return "too late"
        return "promotion"

    counted = Counter(at_once(work))
    assert counted == {"voucher": 1, "promotion": 1, "too late": THREADS - 2}
    assert Activity.objects.filter(contact=contact, type__endswith=".undone").count() == 2


def test_a_promotion_given_anew_and_given_back_at_once_is_had_once(site: Site) -> None:
    contact = contact_of(site)
    promotion = promotion_of(site)
    given = promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
    assignment = given[0].assignment
    assert assignment
    assignment_redeem(assignment=assignment, channel="POS", source=by())
    at = assignment.redeemed_at
    assert at

    def work(number: int) -> str:
        if number % 2:
            promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())
            return "assigned"
        try:
            assignment_redemption_undo(
                assignment=assignment, redeemed_at=at, reason="Mistake", actor=Actor.system("x")
            )
        except NotUndone:
            return "too late"
        return "undone"

    at_once(work)
    assert PromotionAssignment.objects.filter(is_open=True).count() == 1
