"""What can be given to the members of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from contacts.loyalty.amounts import amount_text
from contacts.models import PointDefinition, Promotion
from sites.models import Site


class GiftKind(StrEnum):
    POINTS = "points"
    VOUCHER = "voucher"
    PROMOTION = "promotion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """`definition` and `amount` are of points, `amount`, `currency` and `valid_days` of a voucher.

    `valid_days` is None for a voucher that does not end.
    """

    site: Site
    kind: GiftKind
    definition: PointDefinition | None = None
    promotion: Promotion | None = None
    amount: Decimal | None = None
    currency: str = ""
    valid_days: int | None = None
    description: str = ""

    @property
    def definition_of(self) -> PointDefinition:
        assert self.definition is not None
        return self.definition

    @property
    def promotion_of(self) -> Promotion:
        assert self.promotion is not None
        return self.promotion

    @property
    def amount_of(self) -> Decimal:
        assert self.amount is not None
        return self.amount

    @property
    def words(self) -> str:
        """Return what one contact gets: `100 of Bonus points`."""
        if self.kind is GiftKind.POINTS:
            return f"{amount_text(self.amount_of)} of {self.definition_of.name}"
        if self.kind is GiftKind.PROMOTION:
            return f"The promotion “{self.promotion_of.name}”"
        days = f", valid for {self.valid_days} days" if self.valid_days else ""
        return f"A voucher of {amount_text(self.amount_of)} {self.currency}{days}"


def gift_json(gift: Gift) -> dict[str, Any]:
    return {
        "kind": gift.kind.value,
        "definition": gift.definition.number if gift.definition else None,
        "promotion": str(gift.promotion.pk) if gift.promotion else None,
        "amount": amount_text(gift.amount) if gift.amount is not None else None,
        "currency": gift.currency,
        "valid_days": gift.valid_days,
        "description": gift.description,
    }


def gift_of(document: dict[str, Any], site: Site) -> Gift | None:
    """Return a gift from what was stored; None when what is to be given is there no more."""
    kind = GiftKind(document["kind"])
    definition = promotion = None
    if kind is GiftKind.POINTS:
        definitions = PointDefinition.objects.filter(site=site)
        definition = definitions.filter(number=document["definition"]).first()
        if definition is None:
            return None
    if kind is GiftKind.PROMOTION:
        promotions = Promotion.objects.filter(site=site, pk=UUID(document["promotion"]))
        promotion = promotions.select_related("site").first()
        if promotion is None:
            return None
    return Gift(
        site=site,
        kind=kind,
        definition=definition,
        promotion=promotion,
        amount=Decimal(document["amount"]) if document["amount"] is not None else None,
        currency=document["currency"],
        valid_days=document["valid_days"],
        description=document["description"],
    )
