"""Promotions that sources assign: the promotion as they tell it, and who has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection

from common.bulk import insert_rows
from common.identifiers import new_row_hex
from contacts.loyalty.lengths import longest
from contacts.loyalty.redemption_channels import told_channels
from contacts.models import Promotion, PromotionAssignment
from contacts.normalisation.values import line_normalised
from integrations.loyalty_facts import PromotionFact

if TYPE_CHECKING:
    from contacts.loyalty.told import Told

# (site, key of the source, id of the promotion there)
PromotionKey = tuple[int, str, str]

_LENGTHS: Final = longest(Promotion, "name", "external_id")
_LABEL: Final = longest(PromotionAssignment, "source_label")["source_label"]


def promotions_told(told: Sequence[Told], now: datetime) -> None:
    """Store assignments; one that is open already, or was told before, stays as it is."""
    facts = {_key(each): each for each in told}
    found = _known(facts)
    missing = {key: each for key, each in sorted(facts.items()) if key not in found}
    if missing:
        rows = [_promotion_row(key, each, now) for key, each in missing.items()]
        insert_rows(connection, Promotion, rows, conflict="ON CONFLICT DO NOTHING")
        found |= _known(missing)
    pairs = [(found[_key(each)], each) for each in told]
    PromotionAssignment.objects.filter(
        promotion__in={promotion_id for promotion_id, _ in pairs},
        contact__in={each.contact_id for _, each in pairs},
        is_open=True,
        expires_at__lte=now,
    ).update(is_open=False)
    insert_rows(
        connection,
        PromotionAssignment,
        [_assignment_row(promotion_id, each) for promotion_id, each in pairs],
        conflict="ON CONFLICT DO NOTHING",
    )


def _known(facts: dict[PromotionKey, Told]) -> dict[PromotionKey, UUID]:
    """Return promotions by what they are at the source, else by the id that shops know."""
    rows = Promotion.objects.filter(
        site__in={site_id for site_id, _, _ in facts},
        told_id__in={told_id for _, _, told_id in facts},
    )
    columns = ("site_id", "source_key", "told_id", "pk")
    found = {row[:3]: row[3] for row in rows.values_list(*columns) if row[:3] in facts}
    unknown = [key for key in facts if key not in found]
    by_external_id = _by_external_id(facts[key] for key in unknown)
    for key in unknown:
        known = by_external_id.get((key[0], _external_id(facts[key])))
        if known is not None:
            found[key] = known
    return found


def _by_external_id(told: Iterable[Told]) -> dict[tuple[int, str], UUID]:
    wanted = {(each.site_id, _external_id(each)) for each in told if _external_id(each)}
    if not wanted:
        return {}
    rows = Promotion.objects.filter(
        site__in={site_id for site_id, _ in wanted}, external_id__in={name for _, name in wanted}
    )
    return {(site, name): pk for site, name, pk in rows.values_list("site_id", "external_id", "pk")}


def _promotion_row(key: PromotionKey, told: Told, now: datetime) -> dict[str, Any]:
    fact = _fact(told)
    site_id, source_key, told_id = key
    return {
        "id": new_row_hex(),
        "site_id": site_id,
        "name": (line_normalised(fact.name) or f"Promotion {told_id}")[: _LENGTHS["name"]],
        "external_id": _external_id(told),
        "is_draft": False,
        "starts_at": None,
        "ends_at": None,
        "assigned_unit": "",
        "assigned_amount": None,
        "heading": "",
        "description": "",
        "link": "",
        "redemption_channels": told_channels(fact.redemption_channels),
        "source_key": source_key,
        "told_id": told_id,
        "created_at": now,
        "updated_at": now,
    }


def _assignment_row(promotion_id: UUID, told: Told) -> dict[str, Any]:
    fact = _fact(told)
    return {
        "id": new_row_hex(),
        "promotion_id": promotion_id,
        "contact_id": told.contact_id,
        "assigned_at": told.at,
        "expires_at": fact.expires_at.astimezone(UTC) if fact.expires_at else None,
        "redeemed_at": None,
        "is_open": True,
        "redeemed_channel": "",
        "external_id": line_normalised(fact.assignment_id),
        "source_key": told.source.key,
        "source_label": told.source.label[:_LABEL],
        "source_id": told.own_id,
        "received_event_id": told.source.received_event_id,
    }


def _key(told: Told) -> PromotionKey:
    return told.site_id, told.source.key, line_normalised(_fact(told).promotion_id)


def _external_id(told: Told) -> str:
    name = line_normalised(_fact(told).external_id)
    return name if len(name) <= _LENGTHS["external_id"] else ""


def _fact(told: Told) -> PromotionFact:
    assert isinstance(told.fact, PromotionFact)
    return told.fact
