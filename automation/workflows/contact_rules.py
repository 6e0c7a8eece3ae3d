"""Conditions on a contact: the rule of a segment, asked of some contacts alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from automation.segments.needs import rule_needs
from automation.segments.queries import matching_ids
from automation.segments.rules import read_rule
from automation.uses import Needs
from sites.models import Site


def contacts_matching_rule(
    site: Site, rule: Mapping[str, Any] | None, contact_ids: Collection[UUID]
) -> set[UUID]:
    """Return those of the contacts for whom a stored rule holds; without one, all of them."""
    if rule is None or not contact_ids:
        return set(contact_ids)
    return matching_ids(site, read_rule(rule, site), contact_ids)


def rule_needs_of(rule: Mapping[str, Any] | None, site: Site) -> Needs:
    return Needs() if rule is None else rule_needs(read_rule(rule, site), site)
