"""Promotions given to contacts, many at once, and redeemed by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from common.bulk import insert_rows
from common.identifiers import new_row_id
from contacts.applied_change import ChangeSource
from contacts.loyalty.happenings import promotion_assigned, tell
from contacts.loyalty.ledger import contacts_locked
from contacts.loyalty.lengths import longest
from contacts.loyalty.points_order import NO_CONTACT, TOO_LONG_ID
from contacts.loyalty.validity import expiry_of, status_of
from contacts.loyalty.vouchers import NotRedeemable
from contacts.models import Promotion, PromotionAssignment
from contacts.normalisation.values import line_normalised

_COLUMNS: Final = tuple(field.attname for field in PromotionAssignment._meta.concrete_fields)
_LENGTHS: Final = longest(PromotionAssignment, "source_id", "source_label")
_NO_IDS: Final[Mapping[UUID, str]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True)
class AssignOutcome:
    """`assignment` is None when it was refused; with `is_repeat` the contact has it already."""

    assignment: PromotionAssignment | None = None
    is_repeat: bool = False
    refusal: str = ""


@transaction.atomic
def promotions_assign(
    *,
    promotion: Promotion,
    contact_ids: Sequence[UUID],
    source: ChangeSource,
    source_ids: Mapping[UUID, str] = _NO_IDS,
) -> list[AssignOutcome]:
    """Give a promotion to contacts; outcomes come in their order.

    Who has it and neither redeemed it nor let it expire keeps what they have. `source_ids` are the
    caller's own ids, by contact: the same one again gives nothing again, whatever became of it.
    """
    now = timezone.now()
    refusal = _promotion_refusal(promotion, now)
    if refusal:
        return [AssignOutcome(refusal=refusal) for _ in contact_ids]
    sites = contacts_locked(contact_ids)
    outcomes = {
        contact_id: AssignOutcome(
            refusal=_contact_refusal(
                sites.get(contact_id) == promotion.site_id, source_ids.get(contact_id, "")
            )
        )
        for contact_id in contact_ids
    }
    wanted = {contact_id for contact_id, outcome in outcomes.items() if not outcome.refusal}
    assignments_close_expired(promotion.pk, wanted, now)
    for contact_id, known in _known(promotion, wanted, source, source_ids).items():
        outcomes[contact_id].assignment, outcomes[contact_id].is_repeat = known, True
    expires_at = expiry_of(promotion, now)
    made = [
        PromotionAssignment(
            id=new_row_id(),
            promotion=promotion,
            contact_id=contact_id,
            assigned_at=now,
            expires_at=expires_at,
            source_key=source.key,
            source_label=source.label[: _LENGTHS["source_label"]],
            source_id=line_normalised(source_ids.get(contact_id, "")),
            received_event_id=source.received_event_id,
        )
        for contact_id, outcome in outcomes.items()
        if not outcome.refusal and not outcome.is_repeat
    ]
    rows = [{name: getattr(each, name) for name in _COLUMNS} for each in made]
    insert_rows(connection, PromotionAssignment, rows)
    for each in made:
        outcomes[each.contact_id].assignment = each
    tell([promotion_assigned(each, source) for each in made])
    return [outcomes[contact_id] for contact_id in contact_ids]


@transaction.atomic
def assignment_redeem(
    *, assignment: PromotionAssignment, channel: str, source: ChangeSource
) -> PromotionAssignment:
    """Use an assigned promotion up at a till, a shop or elsewhere. Raises `NotRedeemable`."""
    now = timezone.now()
    promotion = Promotion.objects.get(pk=assignment.promotion_id)
    offered = [row["type"] for row in promotion.redemption_channels]
    if channel not in offered:
        where = ", ".join(offered) or "nowhere"
        raise NotRedeemable(f"“{promotion.name}” is redeemed by {where}, not by {channel}.")
    if (status := status_of(promotion, now)) != "Active":
        raise NotRedeemable(f"“{promotion.name}” is {status.lower()}: it is not redeemed now.")
    is_valid = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    usable = PromotionAssignment.objects.filter(is_valid, pk=assignment.pk, is_open=True)
    if not usable.update(redeemed_at=now, redeemed_channel=channel, is_open=False):
        raise NotRedeemable(_why_not(PromotionAssignment.objects.filter(pk=assignment.pk).first()))
    assignment.redeemed_at, assignment.redeemed_channel = now, channel
    assignment.is_open = False
    return assignment


def assignments_close_expired(promotion_id: UUID, contact_ids: set[UUID], now: datetime) -> None:
    """End what these contacts let expire, so that they can have the promotion again."""
    PromotionAssignment.objects.filter(
        promotion=promotion_id, contact__in=contact_ids, is_open=True, expires_at__lte=now
    ).update(is_open=False)


def _promotion_refusal(promotion: Promotion, now: datetime) -> str:
    if promotion.source_key:
        return "A connected system keeps this promotion: assign it there."
    status = status_of(promotion, now)
    if status == "Draft":
        return f"“{promotion.name}” is a draft. Publish it first."
    if status == "Ended":
        return f"“{promotion.name}” has ended."
    return ""


def _contact_refusal(is_there: bool, source_id: str) -> str:
    if not is_there:
        return NO_CONTACT
    if len(line_normalised(source_id)) > _LENGTHS["source_id"]:
        return TOO_LONG_ID.format(most=_LENGTHS["source_id"])
    return ""


def _known(
    promotion: Promotion,
    contact_ids: set[UUID],
    source: ChangeSource,
    source_ids: Mapping[UUID, str],
) -> dict[UUID, PromotionAssignment]:
    """Return what contacts have: that of the source's own id, else the one that is open."""
    own: dict[str, Any] = {"source_key": source.key, "source_id__in": set(source_ids.values())}
    rows = PromotionAssignment.objects.filter(
        Q(is_open=True) | (Q(**own) & ~Q(source_id="")),
        promotion=promotion,
        contact__in=contact_ids,
    )
    known: dict[UUID, PromotionAssignment] = {}
    for row in rows.order_by("is_open", "pk"):
        row.promotion = promotion
        is_own = row.source_id and row.source_id == line_normalised(
            source_ids.get(row.contact_id, "")
        )
        if row.is_open or is_own:
            known.setdefault(row.contact_id, row)
            if is_own:
                known[row.contact_id] = row
    return known


def _why_not(assignment: PromotionAssignment | None) -> str:
    if assignment is None:
        return "This assignment is there no more."
    if assignment.redeemed_at is not None:
        at = f"{assignment.redeemed_at:%Y-%m-%d %H:%M} UTC"
        return f"This was redeemed at {at} by {assignment.redeemed_channel}."
    return f"This could be redeemed until {assignment.expires_at:%Y-%m-%d %H:%M} UTC."
