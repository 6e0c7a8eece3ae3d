"""Redemptions that staff take back: what was used up by mistake can be used again.

Nobody is told, as nobody was told of the redemption. What was taken back stays in the contact's
history as an activity, with who had redeemed it and when, and goes with the contact when they are
erased; the audit log has all of it but the reason, which people write about people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from contacts.console_source import console_source
from contacts.loyalty.ledger import contacts_locked
from contacts.loyalty.points_order import NO_CONTACT
from contacts.models import Activity, Contact, PromotionAssignment, RewardVoucher
from contacts.normalisation.values import line_normalised
from sites.audit import Actor, audit_record

VOUCHER_UNDONE: Final = "voucher.redemption.undone"
PROMOTION_UNDONE: Final = "promotion.redemption.undone"
LONGEST_REASON: Final = 300
_CHANGED: Final = (
    "This redemption is there no more: somebody else took it back. Look at what is stored now."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A redemption that was taken back, as pages show it."""

    redeemed_at: datetime
    undone_at: datetime
    undone_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undoing:
    """What is taken back: `named` says of what, `before` how it was redeemed."""

    activity: str
    action: str
    named: dict[str, str]
    before: dict[str, str]
    reason: str


class NotUndone(Exception):
    """The redemption stays; the message says why."""


@transaction.atomic
def voucher_redemption_undo(
    *, voucher: RewardVoucher, redeemed_at: datetime, reason: str, actor: Actor
) -> None:
    """Make a voucher unused again, if it is still the redemption of that instant.

    Of several who take it back at once, one does. Raises `NotUndone`.
    """
    reason = _reason(reason)
    contact = _held(voucher.contact_id)
    redeemed = RewardVoucher.objects.filter(pk=voucher.pk, contact=contact, redeemed_at=redeemed_at)
    by = redeemed.values_list("redeemed_by", flat=True).first()
    if by is None or not redeemed.update(redeemed_at=None, redeemed_by=""):
        raise NotUndone(_CHANGED)
    undone = _Undoing(
        activity=VOUCHER_UNDONE,
        action="voucher.redemption_undone",
        named={"voucher": str(voucher.pk)},
        before={"redeemed_at": redeemed_at.isoformat(), "redeemed_by": by},
        reason=reason,
    )
    _keep(contact, undone, actor)
    voucher.redeemed_at, voucher.redeemed_by = None, ""


@transaction.atomic
def assignment_redemption_undo(
    *, assignment: PromotionAssignment, redeemed_at: datetime, reason: str, actor: Actor
) -> None:
    """Give an assigned promotion back to the contact, as `voucher_redemption_undo` does.

    Not to one who got the promotion anew since: a contact has it once.
    """
    reason = _reason(reason)
    contact = _held(assignment.contact_id)
    redeemed = PromotionAssignment.objects.filter(
        pk=assignment.pk, contact=contact, redeemed_at=redeemed_at
    )
    channel = redeemed.values_list("redeemed_channel", flat=True).first()
    if channel is None:
        raise NotUndone(_CHANGED)
    name = assignment.promotion.name
    try:
        # The database knows one open assignment: whoever assigns it at the same moment waits.
        with transaction.atomic():
            count = redeemed.update(redeemed_at=None, redeemed_channel="", is_open=True)
    except IntegrityError:
        raise NotUndone(
            f"The contact got “{name}” again after this was redeemed, and has it once at a time."
        ) from None
    if not count:
        raise NotUndone(_CHANGED)
    undone = _Undoing(
        activity=PROMOTION_UNDONE,
        action="promotion.redemption_undone",
        named={"promotion": name, "assignment": str(assignment.pk)},
        before={"redeemed_at": redeemed_at.isoformat(), "redeemed_channel": channel},
        reason=reason,
    )
    _keep(contact, undone, actor)
    assignment.redeemed_at, assignment.redeemed_channel, assignment.is_open = None, "", True


def undone_vouchers(vouchers: Iterable[RewardVoucher]) -> dict[str, list[Undone]]:
    """Return what was taken back of each voucher, by its id, newest first."""
    rows = {str(voucher.pk): voucher.contact_id for voucher in vouchers}
    return _undone(VOUCHER_UNDONE, "voucher", rows)


def undone_assignments(
    assignments: Iterable[PromotionAssignment],
) -> dict[str, list[Undone]]:
    """Return what was taken back of each assignment, by its id, newest first."""
    rows = {str(assignment.pk): assignment.contact_id for assignment in assignments}
    return _undone(PROMOTION_UNDONE, "assignment", rows)


def _undone(activity: str, name: str, rows: Mapping[str, UUID]) -> dict[str, list[Undone]]:
    found: dict[str, list[Undone]] = {}
    if rows:
        activities = Activity.objects.filter(
            contact__in=set(rows.values()), type=activity, **{f"properties__{name}__in": list(rows)}
        )
        for each in activities.order_by("-occurred_at", "-pk"):
            kept = each.properties
            undone = Undone(
                redeemed_at=datetime.fromisoformat(kept["redeemed_at"]),
                undone_at=each.occurred_at,
                undone_by=kept["undone_by"],
                reason=kept["reason"],
            )
            found.setdefault(kept[name], []).append(undone)
    return found


def _reason(text: str) -> str:
    reason = line_normalised(text)
    if not reason:
        raise NotUndone("Say why it is taken back: the reason stays in the contact's history.")
    if len(reason) > LONGEST_REASON:
        raise NotUndone(f"Give the reason in at most {LONGEST_REASON} characters.")
    return reason


def _held(contact_id: UUID) -> Contact:
    """Return the contact, whom nobody merges or erases before this is done."""
    if contact_id not in contacts_locked([contact_id]):
        raise NotUndone(NO_CONTACT)
    return Contact.objects.select_related("site").get(pk=contact_id)


def _keep(contact: Contact, undone: _Undoing, actor: Actor) -> None:
    now = timezone.now()
    source = console_source(actor)
    by = {"undone_by": source.actor_label, "reason": undone.reason}
    Activity.objects.create(
        site=contact.site,
        contact=contact,
        type=undone.activity,
        occurred_at=now,
        recorded_at=now,
        properties=undone.named | undone.before | by,
        source_key=source.key,
        source_label=source.label,
    )
    changes: dict[str, tuple[str | None, str | None]] = {
        name: (None, value) for name, value in undone.named.items()
    }
    changes |= {name: (value, None) for name, value in undone.before.items()}
    audit_record(
        actor=actor, action=undone.action, site=contact.site, target=contact, changes=changes
    )
