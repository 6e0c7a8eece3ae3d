"""Merging and erasing contacts that have points, vouchers and promotions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import (
    Contact,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)
from contacts.signals import LoyaltyHappening, loyalty_happened
from integrations.contact_change import Deletion
from integrations.loyalty_facts import BalanceFact, PointsFact, VoucherFact
from sites.models import Site
from tests.contacts.changes import apply, at
from tests.contacts.loyalty.giving import (
    assert_adds_up,
    award,
    by,
    contact_of,
    definition_of,
    promotion_of,
    redeem,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(site: Site) -> tuple[Contact, Contact]:
    kept = contact_of(site, "jane@example.com")
    apply(site, {"phone": "0701234567"})
    return kept, Contact.objects.get(phone="+46701234567")


@pytest.fixture
def heard() -> Iterator[list[LoyaltyHappening]]:
    happenings: list[LoyaltyHappening] = []

    def hear(**told: Any) -> None:
        happenings.extend(told["happenings"])

    loyalty_happened.connect(hear)
    yield happenings
    loyalty_happened.disconnect(hear)


def merge(site: Site) -> Contact:
    apply(site, {"email": "jane@example.com", "phone": "0701234567"}, 90)
    return Contact.objects.get(email="jane@example.com")


def test_accounts_add_up(
    site: Site, pair: tuple[Contact, Contact], heard: list[LoyaltyHappening]
) -> None:
    points, others = definition_of(site, expires_after_days=30), definition_of(site, 2)
    kept, absorbed = pair
    award(kept, points, "10", source_id="same")
    award(absorbed, points, "5.5", source_id="same")
    redeem(absorbed, points, "2")
    award(absorbed, others, "7")
    heard.clear()
    assert merge(site) == kept
    account = PointAccount.objects.get(definition=points)
    assert (account.contact, account.balance) == (kept, Decimal("13.5"))
    assert_adds_up(account)
    assert PointAccount.objects.get(definition=others).contact == kept
    assert account.transactions.count() == 3
    assert [(each.kind, each.row) for each in heard] == [("balance", account)]
    assert redeem(kept, points, "13.5").balance == 0


def test_a_told_balance_stands_for_both(
    site: Site, pair: tuple[Contact, Contact], heard: list[LoyaltyHappening]
) -> None:
    kept, _absorbed = pair
    award(kept, definition_of(site), "10")
    heard.clear()
    told = BalanceFact(definition=1, balance=Decimal(99))
    apply(site, {"phone": "0701234567"}, 5, loyalty=(told,))
    merge(site)
    account = PointAccount.objects.get()
    assert (account.contact, account.balance, account.told_by) == (kept, Decimal(99), "src_engage")
    assert not PointTransaction.objects.filter(remaining__gt=0).exists()
    assert heard == []


def test_a_balance_kept_here_outweighs_one_not_told_yet(
    site: Site, pair: tuple[Contact, Contact]
) -> None:
    kept, absorbed = pair
    points = definition_of(site)
    award(absorbed, points, "10")
    said = PointsFact(definition=1, amount=Decimal(3))
    apply(site, {"email": "jane@example.com"}, 5, loyalty=(said,))
    merge(site)
    account = PointAccount.objects.get()
    assert (account.contact, account.told_by, account.balance) == (kept, "", Decimal(10))
    assert_adds_up(account)
    assert redeem(kept, points, "10").balance == 0


def test_vouchers_and_promotions_go_along(site: Site, pair: tuple[Contact, Contact]) -> None:
    kept, _absorbed = pair
    orders = [VoucherOrder(contact_id=each.pk, amount=Decimal(1), currency="SEK") for each in pair]
    vouchers_create(site=site, orders=orders, source=by())
    both, used = promotion_of(site), promotion_of(site)
    ids = {each.pk: "campaign-1" for each in pair}
    for promotion in (both, used):
        promotions_assign(
            promotion=promotion,
            contact_ids=[each.pk for each in pair],
            source=by(),
            source_ids=ids,
        )
    mine = PromotionAssignment.objects.get(promotion=used, contact=kept)
    assignment_redeem(assignment=mine, channel="POS", source=by())
    merge(site)
    assert set(RewardVoucher.objects.values_list("contact", flat=True)) == {kept.pk}
    rows = PromotionAssignment.objects.filter(contact=kept)
    assert rows.count() == 4
    assert rows.filter(promotion=both, is_open=True).count() == 1
    assert rows.filter(promotion=used, is_open=True).count() == 1


def test_an_erased_person_has_nothing(site: Site) -> None:
    jane, other = contact_of(site), contact_of(site, "joe@example.com")
    points, promotion = definition_of(site), promotion_of(site)
    for contact in (jane, other):
        award(contact, points, "10")
    orders = [
        VoucherOrder(contact_id=each.pk, amount=Decimal(1), currency="SEK")
        for each in (jane, other)
    ]
    vouchers_create(site=site, orders=orders, source=by())
    promotions_assign(promotion=promotion, contact_ids=[jane.pk, other.pk], source=by())
    apply(site, {"email": jane.email}, 90, deletion=Deletion(reason="asked"))
    for model in (PointAccount, RewardVoucher, PromotionAssignment):
        assert [row.contact_id for row in model._default_manager.all()] == [other.pk]
    assert PointTransaction.objects.count() == 1


def test_who_was_created_again_keeps_what_is_newer(site: Site) -> None:
    who = {"contact": "c-1"}
    old = VoucherFact(amount=Decimal(1), currency="SEK", unique_code="OLD")
    new = VoucherFact(amount=Decimal(1), currency="SEK", unique_code="NEW")
    apply(site, who, 1, loyalty=(old, BalanceFact(definition=1, balance=Decimal(5))))
    apply(site, who, 1, loyalty=(BalanceFact(definition=2, balance=Decimal(5)),))
    apply(site, who, 20, revives=True, loyalty=(new,))
    apply(site, who, 21, loyalty=(BalanceFact(definition=2, balance=Decimal(8)),))
    apply(site, who, 10, deletion=Deletion())
    assert RewardVoucher.objects.get().unique_code == "NEW"
    account = PointAccount.objects.get()
    assert (account.definition.number, account.balance) == (2, Decimal(8))


def test_points_kept_here_add_up_after_older_ones_were_erased(site: Site) -> None:
    who = {"contact": "c-1"}
    contact = Contact.objects.get(pk=apply(site, who, 1).contact_id or "")
    points = definition_of(site)
    award(contact, points, "10", occurred_at=at(2))
    award(contact, points, "20", occurred_at=at(40))
    redeem(contact, points, "5", occurred_at=at(45))
    apply(site, who, 20, revives=True)
    apply(site, who, 10, deletion=Deletion())
    account = PointAccount.objects.get()
    assert account.balance == 20
    assert_adds_up(account)
    assert account.updated_at <= timezone.now()
    assert account.transactions.filter(kind="correct").get().amount == 5
