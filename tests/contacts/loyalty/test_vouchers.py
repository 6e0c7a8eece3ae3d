from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from contacts.loyalty.voucher_codes import ALPHABET, new_voucher_code
from contacts.loyalty.vouchers import (
    NotRedeemable,
    VoucherOrder,
    VoucherOutcome,
    voucher_redeem,
    vouchers_create,
)
from contacts.models import RewardVoucher
from sites.models import Site
from tests.contacts.loyalty.giving import by, contact_of, contacts_of, nobody
from tests.factories import SiteFactory

NOW = timezone.now()


def asked(contact_id: UUID, **values: Any) -> VoucherOrder:
    given: dict[str, Any] = {"amount": Decimal(50), "currency": "SEK"} | values
    return VoucherOrder(contact_id=contact_id, **given)


def create(site: Site, *orders: VoucherOrder) -> list[VoucherOutcome]:
    return vouchers_create(site=site, orders=orders, source=by())


def made(site: Site, **values: Any) -> RewardVoucher:
    (outcome,) = create(site, asked(contact_of(site).pk, **values))
    assert outcome.voucher is not None
    return outcome.voucher


def test_codes_are_hard_to_guess_and_easy_to_type() -> None:
    codes = {new_voucher_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("01OILU") & set(ALPHABET)
    for code in codes:
        assert [len(part) for part in code.split("-")] == [4, 4, 4, 4]
        assert set(code) <= {*ALPHABET, "-"}


@pytest.mark.django_db
def test_vouchers_are_made_for_many_at_once(site: Site, django_assert_max_num_queries: Any) -> None:
    contacts = contacts_of(site, 20)
    with django_assert_max_num_queries(6):
        outcomes = create(site, *(asked(each.pk) for each in contacts))
    assert len({each.voucher.unique_code for each in outcomes if each.voucher}) == 20
    row = RewardVoucher.objects.get(contact=contacts[0])
    assert (row.amount, row.currency, row.valid_to) == (Decimal(50), "SEK", None)
    assert (row.source_key, row.source_label, row.redeemed_at) == ("key_shop", "API: Shop", None)


@pytest.mark.django_db
def test_the_same_source_id_makes_one(site: Site) -> None:
    contact = contact_of(site)
    first, second = create(site, *(asked(contact.pk, source_id="v-1") for _ in range(2)))
    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert first.voucher == second.voucher
    (other,) = vouchers_create(
        site=site, orders=[asked(contact.pk, source_id="v-1")], source=by("key_other")
    )
    assert not other.is_repeat


@pytest.mark.django_db
def test_a_code_is_given_once_on_a_site(site: Site) -> None:
    contact = contact_of(site)
    create(site, asked(contact.pk, unique_code="SUMMER"))
    (taken,) = create(site, asked(contact.pk, unique_code="SUMMER"))
    assert "has this code already" in taken.refusal
    elsewhere = SiteFactory.create()
    (free,) = create(elsewhere, asked(contact_of(elsewhere).pk, unique_code="SUMMER"))
    assert free.voucher is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal("1.00001")},
        {"currency": "kr"},
        {"currency": "sek"},
        {"valid_to": NOW - timedelta(days=1)},
        {"valid_from": NOW, "valid_to": NOW},
        {"source_id": "x" * 201},
        {"unique_code": "x" * 65},
        {"unique_code": " "},
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(site: Site, values: Any) -> None:
    contact = contact_of(site)
    refused, fine, unknown = create(
        site, asked(contact.pk, **values), asked(contact.pk), asked(nobody())
    )
    assert refused.refusal.endswith(".")
    assert (refused.voucher, fine.refusal) == (None, "")
    assert "no such contact" in unknown.refusal


@pytest.mark.django_db
def test_a_voucher_is_used_once(site: Site) -> None:
    voucher = made(site)
    used = voucher_redeem(voucher=voucher, source=by(actor_label="anna"))
    assert (used.redeemed_at is not None, used.redeemed_by) == (True, "anna")
    with pytest.raises(NotRedeemable, match=r"was redeemed at .* by anna"):
        voucher_redeem(voucher=RewardVoucher.objects.get(), source=by())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"valid_from": NOW + timedelta(days=1)}, "is valid from"),
        ({"valid_from": NOW - timedelta(days=2), "valid_to": NOW - timedelta(days=1)}, "until"),
    ],
)
def test_a_voucher_counts_only_while_it_is_valid(site: Site, values: Any, sentence: str) -> None:
    voucher = made(site, **values)
    with pytest.raises(NotRedeemable, match=sentence):
        voucher_redeem(voucher=voucher, source=by())
    assert RewardVoucher.objects.get().redeemed_at is None
