"""What staff give, take and redeem in the console, with their name on it and in the audit log.

`source_id` is the form's own id, as in the services below: the same form again does nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contacts.console_source import console_source
from contacts.loyalty.amounts import amount_text
from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.points import (
    NotEnoughPoints,
    PointsOrder,
    points_award,
    points_correct,
    points_redeem,
)
from contacts.loyalty.vouchers import (
    NotRedeemable,
    VoucherOrder,
    voucher_redeem,
    vouchers_create,
)
from contacts.models import (
    Contact,
    PointDefinition,
    Promotion,
    PromotionAssignment,
    RewardVoucher,
)
from sites.audit import Actor, audit_record
from sites.models import Site


class Refused(Exception):
    """It cannot be; the message is a sentence for whoever asked."""


class NotEnough(Refused):
    """The contact has fewer points than were to be taken."""


class PointsChange(StrEnum):
    AWARD = "award"
    REDEEM = "redeem"
    CORRECT = "correct"


_ACTIONS: Final = {
    PointsChange.AWARD: "points.awarded",
    PointsChange.REDEEM: "points.redeemed",
    PointsChange.CORRECT: "points.corrected",
}


@transaction.atomic
def contact_points_change(  # noqa: PLR0913
    *,
    contact: Contact,
    what: PointsChange,
    definition: PointDefinition,
    amount: Decimal,
    description: str,
    reason: str,
    source_id: str,
    actor: Actor,
) -> bool:
    """Award, redeem or correct points; return False when it was done before. Raises `Refused`.

    Only a correction takes a negative amount, which takes points away.
    """
    order = PointsOrder(
        contact_id=contact.pk,
        definition=definition,
        amount=amount,
        description=description,
        reason=reason,
        source_id=source_id,
    )
    source = console_source(actor)
    try:
        if what is PointsChange.AWARD:
            outcome = points_award(orders=[order], source=source)[0]
        elif what is PointsChange.REDEEM:
            outcome = points_redeem(order=order, source=source)
        else:
            outcome = points_correct(order=order, source=source)
    except NotEnoughPoints as error:
        raise NotEnough(str(error)) from None
    if outcome.refusal:
        raise Refused(outcome.refusal)
    if not outcome.is_repeat:
        told = {"points": definition.name, "amount": amount_text(amount)}
        _audit(actor, _ACTIONS[what], contact, told)
    return not outcome.is_repeat


@transaction.atomic
def contact_voucher_create(  # noqa: PLR0913
    *,
    contact: Contact,
    amount: Decimal,
    currency: str,
    unique_code: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    description: str,
    source_id: str,
    actor: Actor,
) -> bool:
    """Make a voucher; return False when this form made one before. Raises `Refused`."""
    order = VoucherOrder(
        contact_id=contact.pk,
        amount=amount,
        currency=currency,
        unique_code=unique_code,
        valid_from=valid_from,
        valid_to=valid_to,
        description=description,
        source_id=source_id,
    )
    source = console_source(actor)
    outcome = vouchers_create(site=contact.site, orders=[order], source=source)[0]
    if outcome.voucher is None:
        raise Refused(outcome.refusal)
    if not outcome.is_repeat:
        _audit(actor, "voucher.created", contact, _voucher_told(outcome.voucher))
    return not outcome.is_repeat


@transaction.atomic
def contact_voucher_redeem(*, voucher: RewardVoucher, actor: Actor) -> None:
    """Use a voucher up. Raises `Refused`."""
    try:
        voucher_redeem(voucher=voucher, source=console_source(actor))
    except NotRedeemable as error:
        raise Refused(str(error)) from None
    _audit(actor, "voucher.redeemed", voucher.contact, _voucher_told(voucher))


@transaction.atomic
def contact_promotion_assign(
    *, contact: Contact, promotion: Promotion, source_id: str, actor: Actor
) -> bool:
    """Assign a promotion; return False when the contact has it already. Raises `Refused`."""
    outcome = promotions_assign(
        promotion=promotion,
        contact_ids=[contact.pk],
        source=console_source(actor),
        source_ids={contact.pk: source_id},
    )[0]
    if outcome.refusal:
        raise Refused(outcome.refusal)
    if not outcome.is_repeat:
        _audit(actor, "promotion.assigned", contact, {"promotion": promotion.name})
    return not outcome.is_repeat


@transaction.atomic
def contact_promotion_redeem(
    *, assignment: PromotionAssignment, channel: str, actor: Actor
) -> None:
    """Mark an assigned promotion as redeemed. Raises `Refused`."""
    try:
        assignment_redeem(assignment=assignment, channel=channel, source=console_source(actor))
    except NotRedeemable as error:
        raise Refused(str(error)) from None
    told = {"promotion": assignment.promotion.name, "channel": channel}
    _audit(actor, "promotion.redeemed", assignment.contact, told)


def assignable_promotions(site: Site) -> QuerySet[Promotion]:
    """Return the promotions of a site that can be given to contacts, in the order of names."""
    running = Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())
    rows = Promotion.objects.filter(running, site=site, is_draft=False, source_key="")
    return rows.order_by("name", "pk")


def _voucher_told(voucher: RewardVoucher) -> dict[str, str]:
    return {
        "voucher": str(voucher.pk),
        "amount": f"{amount_text(voucher.amount)} {voucher.currency}",
    }


def _audit(actor: Actor, action: str, contact: Contact, told: Mapping[str, Any]) -> None:
    changes = {name: (None, value) for name, value in told.items()}
    audit_record(actor=actor, action=action, site=contact.site, target=contact, changes=changes)
