"""What a source tells of points, vouchers and promotions, by the one door of contacts."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import (
    Contact,
    PointAccount,
    PointDefinition,
    PointTransaction,
    Promotion,
    PromotionAssignment,
    RewardVoucher,
)
from contacts.services import AppliedChange, contact_preview, contacts_apply_batch
from contacts.services import ChangeItem as Item
from integrations.contact_change import Deletion
from integrations.loyalty_facts import (
    BalanceFact,
    LoyaltyFact,
    PointsFact,
    PromotionFact,
    VoucherFact,
)
from sites.models import Site
from tests.contacts.changes import apply, at, change, source
from tests.contacts.loyalty.giving import (
    assert_adds_up,
    award,
    by,
    contact_of,
    definition_of,
    promotion_of,
)

pytestmark = pytest.mark.django_db

JANE = {"contact": "c-1"}


def balance(amount: str, definition: int = 1, **values: Any) -> BalanceFact:
    return BalanceFact(definition=definition, balance=Decimal(amount), **values)


def points(amount: str, definition: int = 1, **values: Any) -> PointsFact:
    return PointsFact(definition=definition, amount=Decimal(amount), **values)


def voucher(code: str = "ABCD-1234", **values: Any) -> VoucherFact:
    given: dict[str, Any] = {
        "amount": Decimal("50.0"),
        "currency": "SEK",
        "unique_code": code,
    } | values
    return VoucherFact(**given)


def promotion(promotion_id: str = "p-1", **values: Any) -> PromotionFact:
    return PromotionFact(promotion_id=promotion_id, **values)


def tell(site: Site, minute: float, *facts: LoyaltyFact, **values: Any) -> AppliedChange:
    return apply(site, JANE, minute, loyalty=facts, **values)


def test_a_balance_makes_the_points_and_the_account(site: Site) -> None:
    until = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    applied = tell(site, 1, balance("1000.1234", account_id="123", expires_at=until))
    definition = PointDefinition.objects.get()
    assert (definition.number, definition.name) == (1, "Points 1")
    assert definition.source_key == "src_engage"
    account = PointAccount.objects.get()
    assert (account.contact_id, account.definition) == (applied.contact_id, definition)
    assert (account.balance, account.expires_at) == (Decimal("1000.1234"), until)
    assert (account.told_by, account.told_account_id) == ("src_engage", "123")
    assert account.balance_told_at == at(1)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_the_newest_balance_wins_in_any_order(site: Site, order: tuple[int, ...]) -> None:
    for minute in order:
        tell(site, minute, balance(str(minute * 10)))
    assert PointAccount.objects.get().balance == 30


def test_balances_of_one_batch_are_told_in_their_order(site: Site) -> None:
    items = [
        Item(site=site, change=change(JANE, minute, loyalty=(balance(amount),)), source=source())
        for minute, amount in ((2, "20"), (1, "10"), (3, "30"))
    ]
    contacts_apply_batch(items)
    assert PointAccount.objects.get().balance == 30


def test_told_points_are_history_beside_the_balance(site: Site) -> None:
    said = points("100.5", source_id="welcome", source="Automation", user_name="anna.admin")
    tell(site, 1, said)
    account = PointAccount.objects.get()
    assert (account.told_by, account.balance, account.balance_told_at) == (
        "src_engage",
        Decimal(0),
        None,
    )
    tell(site, 2, balance("100.5"))
    tell(site, 3, points("-20", source_id="taken"))
    account.refresh_from_db()
    assert account.balance == Decimal("100.5")
    rows = PointTransaction.objects.order_by("occurred_at")
    told = [(row.kind, row.amount, row.remaining, row.source) for row in rows]
    assert told == [
        ("told", Decimal("100.5"), Decimal(0), "Automation"),
        ("told", Decimal(-20), Decimal(0), "Engage"),
    ]
    assert (rows[0].user_name, rows[0].occurred_at) == ("anna.admin", at(1))
    contact = Contact.objects.get()
    assert "connected system" in award(contact, PointDefinition.objects.get(), "1").refusal


def test_a_replay_changes_nothing(site: Site) -> None:
    event = source()
    facts = (points("5"), points("5"), balance("10"), voucher(), promotion(assignment_id="a-1"))
    for _ in range(2):
        tell(site, 1, *facts, by=event)
        tell(site, 2, balance("7"))
    assert PointAccount.objects.get().balance == 7
    assert PointTransaction.objects.count() == 2
    assert (RewardVoucher.objects.count(), PromotionAssignment.objects.count()) == (1, 1)


def test_the_same_source_id_is_the_same_fact(site: Site) -> None:
    for minute in range(3):
        tell(site, minute, points("5", source_id="s-1"), voucher(source_id="v-1"))
    assert (PointTransaction.objects.count(), RewardVoucher.objects.count()) == (1, 1)


def test_an_account_kept_here_goes_over_to_the_source(site: Site) -> None:
    contact, own = contact_of(site), definition_of(site, expires_after_days=10)
    award(contact, own, "80")
    apply(site, {"email": contact.email}, 1, loyalty=(points("3"),))
    account = PointAccount.objects.get()
    assert (account.told_by, account.balance) == ("", Decimal(80))
    assert_adds_up(account)
    apply(site, {"email": contact.email}, 1, loyalty=(balance("12"),))
    account.refresh_from_db()
    assert (account.told_by, account.balance, account.expires_at) == (
        "src_engage",
        Decimal(12),
        None,
    )
    assert not PointTransaction.objects.filter(remaining__gt=0).exists()
    assert own.source_key == ""


def test_a_voucher_is_stored_as_it_was_told(site: Site) -> None:
    applied = tell(
        site, 1, voucher(external_id="v-1", source_id="v-1", valid_from=at(0), valid_to=at(60))
    )
    row = RewardVoucher.objects.get()
    assert (row.contact_id, row.amount, row.currency) == (applied.contact_id, Decimal(50), "SEK")
    assert (row.unique_code, row.external_id, row.source_label) == ("ABCD-1234", "v-1", "Engage")
    assert (row.valid_from, row.valid_to) == (at(0), at(60))


def test_a_voucher_of_ours_that_comes_back_is_known(site: Site) -> None:
    contact = contact_of(site)
    order = VoucherOrder(contact_id=contact.pk, amount=Decimal(1), currency="SEK")
    (made,) = vouchers_create(site=site, orders=[order], source=by())
    assert made.voucher is not None
    tell(site, 1, voucher(made.voucher.unique_code, source_id="v-1"))
    assert RewardVoucher.objects.get().source_key == "key_shop"


def test_a_voucher_over_before_it_was_told_of_does_no_harm(site: Site) -> None:
    tell(site, 60, voucher(valid_to=at(1)))
    assert RewardVoucher.objects.get().valid_to == at(1)


def test_a_promotion_that_is_not_known_is_kept_as_told(site: Site) -> None:
    channel = {"type": "POS", "valueType": "PERCENT", "value": "20", "localValues": []}
    applied = tell(
        site,
        1,
        promotion(
            assignment_id="a-1",
            external_id="PROMO-1",
            name="Spring",
            expires_at=at(60),
            redemption_channels=(channel, {"type": "MOON"}),
            source_id="a-1",
        ),
    )
    row = Promotion.objects.get()
    assert (row.name, row.external_id, row.told_id) == ("Spring", "PROMO-1", "p-1")
    assert (row.source_key, row.is_draft) == ("src_engage", False)
    assert row.redemption_channels == [{**channel, "instruction": ""}]
    assignment = PromotionAssignment.objects.get()
    assert (assignment.promotion, assignment.contact_id) == (row, applied.contact_id)
    assert (assignment.assigned_at, assignment.expires_at) == (at(1), at(60))
    assert assignment.external_id == "a-1"
    (refused,) = promotions_assign(promotion=row, contact_ids=[assignment.contact_id], source=by())
    assert "connected system" in refused.refusal


def test_a_promotion_that_shops_know_is_the_one_we_have(site: Site) -> None:
    own = promotion_of(site, external_id="PROMO-1")
    tell(site, 1, promotion(external_id="PROMO-1", source_id="a-1"))
    tell(site, 2, promotion(external_id="PROMO-1", source_id="a-2"))
    assert PromotionAssignment.objects.get().promotion == own


def test_what_no_database_stores_is_taken_out(site: Site) -> None:
    local = {"currency": "SEK", "value": "2\x000"}
    channel = {"type": "POS", "valueType": "MONEY", "value": "\x0020", "localValues": [local]}
    tell(
        site,
        1,
        balance("1", account_id="1\x002"),
        points("1", source_id="s\x00", source="T\x00ill"),
        voucher(external_id="v\x00"),
        promotion("p\x00", assignment_id="a\x00", name="\x00", redemption_channels=(channel,)),
    )
    assert PointAccount.objects.get().told_account_id == "12"
    row = Promotion.objects.get()
    assert (row.told_id, row.name) == ("p", "Promotion p")
    assert row.redemption_channels[0]["localValues"] == [{"currency": "SEK", "value": "20"}]
    tell(site, 2, promotion("q" * 200))
    assert Promotion.objects.filter(told_id="q" * 200).get().name == f"Promotion {'q' * 190}"


def test_one_that_expired_can_be_told_again(site: Site) -> None:
    tell(site, 1, promotion(source_id="a-1", expires_at=at(2)))
    tell(site, 3, promotion(source_id="a-2"))
    open_ones = PromotionAssignment.objects.filter(is_open=True)
    assert (open_ones.get().source_id, PromotionAssignment.objects.count()) == ("a-2", 2)


@pytest.mark.parametrize(
    "fact",
    [
        balance("1.00001"),
        balance("NaN"),
        balance("100000000000"),
        balance("1", definition=0),
        points("0"),
        points("1", definition=2147483648),
        voucher(""),
        voucher(currency="kr"),
        voucher(amount=Decimal(-1)),
        voucher(valid_from=at(1), valid_to=at(1)),
        promotion(" "),
    ],
)
def test_what_is_unusable_is_left_out_with_a_note(site: Site, fact: LoyaltyFact) -> None:
    applied = tell(site, 1, fact, balance("5", definition=9))
    assert applied.notes[0].startswith("BAD_LOYALTY: ")
    assert PointAccount.objects.get().definition.number == 9
    assert not RewardVoucher.objects.exists()
    assert not Promotion.objects.exists()


def test_a_preview_stores_nothing(site: Site) -> None:
    contact_preview(site=site, change=change(JANE, 1, loyalty=(balance("1"),)), source=source())
    assert not PointDefinition.objects.exists()


def test_what_came_before_a_deletion_is_not_stored(site: Site) -> None:
    tell(site, 1, balance("1"))
    apply(site, JANE, 10, deletion=Deletion())
    tell(site, 5, balance("1"), voucher(), revives=True)
    assert not PointAccount.objects.exists()
    items = [
        Item(site=site, change=each, source=source())
        for each in (
            change(JANE, 20, loyalty=(balance("2"),), revives=True),
            change(JANE, 30, deletion=Deletion()),
        )
    ]
    contacts_apply_batch(items)
    assert not PointAccount.objects.exists()


def test_two_facts_of_a_batch_about_one_who_becomes_another(site: Site) -> None:
    first = apply(site, {"email": "jane@example.com"}, 1).contact_id
    items = [
        Item(site=site, change=each, source=source())
        for each in (
            change({"phone": "0701234567"}, 2, loyalty=(balance("2"), voucher())),
            change({"phone": "0701234567", "email": "jane@example.com"}, 3),
        )
    ]
    contacts_apply_batch(items)
    assert PointAccount.objects.get().contact_id == first
    assert RewardVoucher.objects.get().contact_id == first


def test_a_batch_without_facts_asks_nothing_about_loyalty(site: Site) -> None:
    with CaptureQueriesContext(connection) as queries:
        apply(site, JANE, 1, fields={"city": "Lund"})
    words = ("contacts_point", "voucher", "promotion")
    assert not [each for each in queries if any(word in each["sql"] for word in words)]
