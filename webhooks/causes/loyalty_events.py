"""Points, vouchers and promotions become Engage's loyalty events, in its documented casing.

What a source told is not heard of here: it goes out as it came in (`inbound_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from contacts.loyalty.amounts import amount_text
from contacts.models import (
    Contact,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)
from contacts.signals import LoyaltyHappening
from sites.models import Site
from webhooks.causes.contact_payloads import subject_of
from webhooks.outbound.event_types.loyalty_events import BALANCE, POINTS, PROMOTION, VOUCHER
from webhooks.outbound.publishing import NewEvent, audiences, events_publish

_SUBJECT: Final = ("email", "phone", "external_id")


def publish_loyalty(*, happenings: Sequence[LoyaltyHappening], **_: Any) -> None:
    """Publish what happened, in the transaction in which it did."""
    heard = audiences()
    listened = [each for each in happenings if each.site_id in heard]
    if not listened:
        return
    subjects = _subjects(each.contact_id for each in listened)
    zones = _zones({each.site_id for each in listened})
    events_publish(
        [_event(each, subjects.get(each.contact_id, {}), zones[each.site_id]) for each in listened],
        heard,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What one kind of row becomes: its type, when it happened, and its payload."""

    type: str
    at: Callable[[Any], datetime]
    payload: Callable[[Any, ZoneInfo], dict[str, Any]]


def _points(row: PointTransaction, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "amount": _number(row.amount),
        "contactId": str(row.account.contact_id),
        "pointDefinitionId": row.account.definition.number,
        "source": row.source,
        "description": row.description,
        "userId": row.user_id,
        "userName": row.user_name,
        "reason": row.reason,
        "sourceId": row.source_id,
    }


def _balance(row: PointAccount, zone: ZoneInfo) -> dict[str, Any]:
    payload = {
        "accountId": row.pk,
        "balance": _number(row.balance),
        "contactId": str(row.contact_id),
        "definitionId": str(row.definition.number),
    }
    # Left out where nothing expires.
    return payload | ({"balanceExpires": _local(row.expires_at, zone)} if row.expires_at else {})


def _voucher(row: RewardVoucher, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "Amount": _number(row.amount),
        "ContactId": str(row.contact_id),
        "Currency": row.currency,
        "Id": str(row.pk),
        "UniqueCode": row.unique_code,
        "ValidFrom": _local(row.valid_from, zone),
        "ValidTo": _local(row.valid_to, zone),
    }


def _promotion(row: PromotionAssignment, zone: ZoneInfo) -> dict[str, Any]:
    promotion = row.promotion
    return {
        "contactId": str(row.contact_id),
        "id": str(row.pk),
        "promotionId": str(promotion.pk),
        "externalId": promotion.external_id or None,
        "name": promotion.name,
        "expiresOn": _local(row.expires_at, zone),
        "redemptionChannels": promotion.redemption_channels,
    }


_KINDS: Final[Mapping[type, _Told]] = {
    PointTransaction: _Told(POINTS, lambda row: row.occurred_at, _points),
    PointAccount: _Told(BALANCE, lambda row: row.updated_at, _balance),
    RewardVoucher: _Told(VOUCHER, lambda row: row.created_at, _voucher),
    PromotionAssignment: _Told(PROMOTION, lambda row: row.assigned_at, _promotion),
}


def _event(happening: LoyaltyHappening, subject: Mapping[str, str], zone: ZoneInfo) -> NewEvent:
    told = _KINDS[type(happening.row)]
    return NewEvent(
        site_id=happening.site_id,
        type=told.type,
        payload=told.payload(happening.row, zone),
        occurred_at=told.at(happening.row),
        contact_id=happening.contact_id,
        subject=subject,
        order_key=happening.contact_id.hex,
        source_key=happening.source.key[:40],
        received_event_id=happening.source.received_event_id,
    )


def _subjects(contact_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    contacts = Contact.objects.filter(pk__in=set(contact_ids)).values("pk", *_SUBJECT)
    return {values["pk"]: subject_of(values) for values in contacts}


def _zones(site_ids: set[int]) -> dict[int, ZoneInfo]:
    rows = Site.objects.filter(pk__in=site_ids).values_list("pk", "time_zone")
    return {pk: ZoneInfo(name) for pk, name in rows}


def _local(at: datetime | None, zone: ZoneInfo) -> str | None:
    """Return an instant with the offset of the site's zone, as Engage writes it."""
    return at.astimezone(zone).isoformat() if at is not None else None


def _number(amount: Decimal) -> Decimal:
    # Of the database it has four places, of a caller as many as were written.
    return Decimal(amount_text(amount))
