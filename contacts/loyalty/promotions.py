"""Promotions: validated, audited, each change in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from common.uses import InUse, deletion, users_of
from contacts.loyalty.redemption_channels import BadChannel, channels_checked
from contacts.models import Promotion, PromotionAssignment
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

CHANGEABLE: Final = (
    "name",
    "external_id",
    "is_draft",
    "starts_at",
    "ends_at",
    "assigned_unit",
    "assigned_amount",
    "heading",
    "description",
    "link",
    "redemption_channels",
)
MOST_PROMOTIONS: Final = 5_000
_MOST_AMOUNT: Final = {Promotion.Unit.DAYS: 3_650, Promotion.Unit.MONTHS: 120}
_TOLD: Final = "A connected system keeps this promotion: change it there."
USES: Final = "promotion_uses"
_TAKEN: Final = "Another promotion of the site has this external id."


def promotion_save(
    *, promotion: Promotion, actor: Actor, opened: OpenedState | None = None
) -> Promotion:
    """Create or update a promotion. Raises ValidationError by name of a model field.

    Assignments that were made keep the expiry that they got.
    """
    with transaction.atomic():
        site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=promotion.site_id)
        stored = None if promotion._state.adding else _stored(promotion)
        check_unchanged(stored, since=opened)
        if stored is not None and stored.source_key:
            raise ValidationError(_TOLD)
        _check(promotion)
        if stored is None and Promotion.objects.filter(site=site).count() >= MOST_PROMOTIONS:
            most = f"The site has {MOST_PROMOTIONS} promotions, which is the most."
            raise ValidationError(most)
        before = _values(stored) if stored is not None else {}
        changes = field_changes(before, _values(promotion))
        if changes:
            _store(promotion)
            action = "promotion.updated" if stored else "promotion.created"
            audit_record(actor=actor, action=action, site=site, target=promotion, changes=changes)
    return promotion


def promotion_delete(*, promotion: Promotion, actor: Actor) -> None:
    """Delete a promotion that nobody has and nothing uses; raises `InUse`."""
    with deletion(promotion.name, lambda: users_of(promotion, USES)):
        rows = Promotion.objects.select_for_update(of=("self",)).select_related("site")
        stored = rows.filter(pk=promotion.pk).first()
        if stored is None:
            return
        if PromotionAssignment.objects.filter(promotion=stored).exists():
            raise InUse(
                f"Contacts have “{stored.name}”, so it cannot be deleted. Give it an end instead."
            )
        audit_record(
            actor=actor,
            action="promotion.deleted",
            site=stored.site,
            target=stored,
            changes=field_changes(_values(stored), {}),
        )
        stored.delete()


def _stored(promotion: Promotion) -> Promotion:
    stored = Promotion.objects.filter(pk=promotion.pk, site=promotion.site_id).first()
    if stored is None:
        raise ValidationError("This promotion was deleted in the meantime.")
    return stored


def _check(promotion: Promotion) -> None:
    faults: dict[str, Any] = {}
    try:
        promotion.redemption_channels = channels_checked(promotion.redemption_channels)
    except BadChannel as error:
        faults["redemption_channels"] = str(error)
    try:
        promotion.full_clean(
            exclude=["site", "redemption_channels", "id"], validate_constraints=False
        )
    except ValidationError as error:
        faults |= error.message_dict
    starts_at, ends_at = promotion.starts_at, promotion.ends_at
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        faults["ends_at"] = "The end must be after the start."
    faults |= _assigned_faults(promotion)
    if promotion.link and not promotion.link.startswith(("https://", "http://")):
        faults["link"] = "Enter an address that begins with https://."
    others = Promotion.objects.filter(site=promotion.site_id, external_id=promotion.external_id)
    if promotion.external_id and others.exclude(pk=promotion.pk).exists():
        faults["external_id"] = _TAKEN
    if faults:
        raise ValidationError(faults)


def _assigned_faults(promotion: Promotion) -> dict[str, str]:
    unit, amount = promotion.assigned_unit, promotion.assigned_amount
    if bool(unit) != (amount is not None):
        return {"assigned_amount": "Give both the number and days or months, or neither."}
    most = _MOST_AMOUNT.get(Promotion.Unit(unit)) if unit in Promotion.Unit else None
    if amount is not None and most is not None and not 1 <= amount <= most:
        return {"assigned_amount": f"Enter a number from 1 to {most}."}
    return {}


def _store(promotion: Promotion) -> None:
    try:
        with transaction.atomic():
            promotion.save()
    except IntegrityError:
        raise ValidationError({"external_id": _TAKEN}) from None


def _values(promotion: Promotion) -> dict[str, Any]:
    return {name: getattr(promotion, name) for name in CHANGEABLE}
