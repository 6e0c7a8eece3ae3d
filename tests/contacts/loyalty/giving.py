"""Short ways to a contact with points, and to what is asked for."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from contacts.loyalty.points import PointsOrder, PointsOutcome, points_award, points_redeem
from contacts.models import (
    Contact,
    PointAccount,
    PointDefinition,
    PointTransaction,
    Promotion,
)
from contacts.services import ChangeSource
from sites.models import Site
from tests.contacts.changes import apply


def contact_of(site: Site, email: str = "jane@example.com") -> Contact:
    apply(site, {"email": email})
    return Contact.objects.get(site=site, email=email)


def contacts_of(site: Site, count: int) -> list[Contact]:
    return [contact_of(site, f"person{number}@example.com") for number in range(count)]


def definition_of(site: Site, number: int = 1, **values: Any) -> PointDefinition:
    values.setdefault("name", f"Points {number}")
    return PointDefinition.objects.create(site=site, number=number, **values)


def promotion_of(site: Site, **values: Any) -> Promotion:
    """Return a promotion that counts, and is redeemed at tills and in the shop."""
    values = {
        "name": "20 percent off shoes",
        "is_draft": False,
        "redemption_channels": [
            {"type": "POS", "valueType": "PERCENT", "value": "20"},
            {"type": "ECOM", "valueType": "EXTERNALOFFER", "value": "SPRING20"},
        ],
    } | values
    return Promotion.objects.create(site=site, **values)


def by(key: str = "key_shop", **values: Any) -> ChangeSource:
    return ChangeSource(key=key, label="API: Shop", received_at=timezone.now(), **values)


def order(
    contact: Contact | UUID, definition: PointDefinition, amount: str, **values: Any
) -> PointsOrder:
    contact_id = contact if isinstance(contact, UUID) else contact.pk
    return PointsOrder(
        contact_id=contact_id, definition=definition, amount=Decimal(amount), **values
    )


def award(
    contact: Contact, definition: PointDefinition, amount: str, **values: Any
) -> PointsOutcome:
    return points_award(orders=[order(contact, definition, amount, **values)], source=by())[0]


def redeem(
    contact: Contact, definition: PointDefinition, amount: str, **values: Any
) -> PointsOutcome:
    return points_redeem(order=order(contact, definition, amount, **values), source=by())


def assert_adds_up(account: PointAccount) -> None:
    """The transactions and the lots of an account that is kept here add up to its balance."""
    account.refresh_from_db()
    rows = PointTransaction.objects.filter(account=account).exclude(kind="told")
    transactions = list(rows)
    assert sum((row.amount for row in transactions), Decimal(0)) == account.balance
    assert sum((row.remaining for row in transactions), Decimal(0)) == account.balance
    times = [row.expires_at for row in transactions if row.remaining and row.expires_at]
    assert account.expires_at == min(times, default=None)


def nobody() -> UUID:
    return uuid.uuid4()


LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
