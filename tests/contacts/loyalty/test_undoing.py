"""Redemptions that staff take back: only what they saw, once, and never out of the history."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.undoing import (
    PROMOTION_UNDONE,
    VOUCHER_UNDONE,
    NotUndone,
    assignment_redemption_undo,
    undone_assignments,
    undone_vouchers,
    voucher_redemption_undo,
)
from contacts.loyalty.vouchers import VoucherOrder, voucher_redeem, vouchers_create
from contacts.models import Activity, Contact, PromotionAssignment, RewardVoucher
from contacts.signals import loyalty_happened
from integrations.contact_change import Deletion
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import by, contact_of, promotion_of
from tests.contacts.whole_database import tables_with

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("anna")
WHY = "Wrong customer at the till"


def voucher_of(contact: Contact, **values: Any) -> RewardVoucher:
    order = VoucherOrder(contact_id=contact.pk, amount=Decimal(50), currency="SEK", **values)
    voucher = vouchers_create(site=contact.site, orders=[order], source=by())[0].voucher
    assert voucher
    return voucher


def redeemed(contact: Contact) -> tuple[RewardVoucher, datetime]:
    voucher = voucher_redeem(voucher=voucher_of(contact), source=by())
    assert voucher.redeemed_at
    return voucher, voucher.redeemed_at


def assigned(contact: Contact, **values: Any) -> PromotionAssignment:
    promotion = promotion_of(contact.site, **values)
    outcome = promotions_assign(promotion=promotion, contact_ids=[contact.pk], source=by())[0]
    assert outcome.assignment
    return outcome.assignment


def used(contact: Contact) -> tuple[PromotionAssignment, datetime]:
    assignment = assignment_redeem(assignment=assigned(contact), channel="POS", source=by())
    assert assignment.redeemed_at
    return assignment, assignment.redeemed_at


def undo(row: Any, at: datetime, reason: str = WHY) -> None:
    if isinstance(row, RewardVoucher):
        voucher_redemption_undo(voucher=row, redeemed_at=at, reason=reason, actor=ACTOR)
    else:
        assignment_redemption_undo(assignment=row, redeemed_at=at, reason=reason, actor=ACTOR)


def test_a_voucher_can_be_used_again(site: Site) -> None:
    voucher, at = redeemed(contact_of(site))
    undo(voucher, at)
    stored = RewardVoucher.objects.get()
    assert (stored.redeemed_at, stored.redeemed_by) == (None, "")
    voucher_redeem(voucher=stored, source=by())
    assert RewardVoucher.objects.get().redeemed_at


def test_a_promotion_is_the_contacts_again(site: Site) -> None:
    contact = contact_of(site)
    assignment, at = used(contact)
    undo(assignment, at)
    stored = PromotionAssignment.objects.get()
    assert (stored.redeemed_at, stored.redeemed_channel, stored.is_open) == (None, "", True)
    # It is what they have: assigned once more, they keep it.
    again = promotions_assign(promotion=stored.promotion, contact_ids=[contact.pk], source=by())
    assert again[0].is_repeat
    assignment_redeem(assignment=stored, channel="ECOM", source=by())
    assert PromotionAssignment.objects.get().redeemed_channel == "ECOM"


@pytest.mark.parametrize("make", [redeemed, used])
def test_the_history_keeps_who_redeemed_it_and_why_it_was_undone(site: Site, make: Any) -> None:
    row, at = make(contact_of(site))
    undo(row, at)
    activity = Activity.objects.get(type__in=(VOUCHER_UNDONE, PROMOTION_UNDONE))
    assert activity.contact_id == row.contact_id
    kept = activity.properties
    assert (kept["redeemed_at"], kept["undone_by"], kept["reason"]) == (
        at.isoformat(), "anna", WHY,
    )  # fmt: skip
    assert kept.get("redeemed_by", kept.get("redeemed_channel")) in ("API: Shop", "POS")
    undone = (undone_vouchers if make is redeemed else undone_assignments)([row])[str(row.pk)]
    assert [(each.redeemed_at, each.undone_by, each.reason) for each in undone] == [
        (at, "anna", WHY)
    ]
    entry = AuditEntry.objects.get(action__endswith=".redemption_undone")
    assert (entry.actor_label, entry.object_id) == ("anna", str(row.contact_id))
    assert entry.changes["redeemed_at"] == [at.isoformat(), None]
    # People write about people, and nothing can be taken out of the audit log.
    assert WHY not in str(entry.changes)


@pytest.mark.parametrize("make", [redeemed, used])
def test_nothing_is_undone_twice_or_that_was_not_seen(site: Site, make: Any) -> None:
    row, at = make(contact_of(site))
    with pytest.raises(NotUndone, match="there no more"):
        undo(row, at + timedelta(seconds=1))
    undo(row, at)
    with pytest.raises(NotUndone, match="there no more"):
        undo(row, at)
    # Redeemed anew: a page that shows the first time means the first time.
    row.refresh_from_db()
    if isinstance(row, RewardVoucher):
        voucher_redeem(voucher=row, source=by())
    else:
        assignment_redeem(assignment=row, channel="POS", source=by())
    with pytest.raises(NotUndone, match="there no more"):
        undo(row, at)
    row.refresh_from_db()
    assert row.redeemed_at
    assert AuditEntry.objects.filter(action__endswith=".redemption_undone").count() == 1
    assert Activity.objects.filter(type__endswith=".undone").count() == 1


@pytest.mark.parametrize("make", [redeemed, used])
@pytest.mark.parametrize("reason", ["", "  \n", "x" * 301])
def test_a_reason_is_asked_for(site: Site, make: Any, reason: str) -> None:
    row, at = make(contact_of(site))
    with pytest.raises(NotUndone, match="reason"):
        undo(row, at, reason)
    row.refresh_from_db()
    assert row.redeemed_at == at


def test_a_promotion_that_was_given_anew_stays_redeemed(site: Site) -> None:
    contact = contact_of(site)
    assignment, at = used(contact)
    promotions_assign(promotion=assignment.promotion, contact_ids=[contact.pk], source=by())
    with pytest.raises(NotUndone, match="has it once at a time"):
        undo(assignment, at)
    assignment.refresh_from_db()
    assert (assignment.redeemed_at, assignment.is_open) == (at, False)
    assert not AuditEntry.objects.filter(action__endswith=".redemption_undone").exists()


@pytest.mark.parametrize("make", [redeemed, used])
def test_nobody_is_told_as_nobody_was_told_of_the_redemption(site: Site, make: Any) -> None:
    told: list[Any] = []

    def receive(**values: Any) -> None:
        told.append(values)

    contact = contact_of(site)
    row, at = make(contact)
    loyalty_happened.connect(receive)
    try:
        undo(row, at)
        row.refresh_from_db()
        if isinstance(row, RewardVoucher):
            voucher_redeem(voucher=row, source=by())
        else:
            assignment_redeem(assignment=row, channel="POS", source=by())
    finally:
        loyalty_happened.disconnect(receive)
    assert told == []


@pytest.mark.parametrize("make", [redeemed, used])
def test_the_reason_goes_with_the_person(site: Site, make: Any) -> None:
    contact = contact_of(site)
    row, at = make(contact)
    undo(row, at, "Belongs to Zebedee Quartzwood")
    assert tables_with("Quartzwood")["Quartzwood"] == ["contacts_activity"]
    gone = Deletion(reason="asked")
    apply(site, {"email": "jane@example.com"}, None, deletion=gone, by=by(received_event_id=None))
    assert not Contact.objects.filter(pk=contact.pk, deleted_at=None).exists()
    assert tables_with("Quartzwood")["Quartzwood"] == []
