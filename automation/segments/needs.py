"""What a rule needs of its site, which may not be deleted while it does."""

from __future__ import annotations

from automation.segments.activity_properties import path_of
from automation.segments.conditions import (
    ActivityCondition,
    ConsentCondition,
    FieldCondition,
    PointsCondition,
    Rule,
)
from automation.segments.fields import FieldKind
from automation.uses import Needs
from contacts.contact_fields.definitions import SYSTEM_ATTRIBUTES
from sites.models import Site
from webhooks.inbound.models import ReceptionEvent


def rule_needs(rule: Rule, site: Site) -> Needs:
    """Return everything that somebody could delete and that the rule asks about."""
    conditions = rule.conditions
    looked_at = [
        each
        for each in conditions
        if isinstance(each, FieldCondition)
        and each.field.attribute
        and each.field.attribute not in SYSTEM_ATTRIBUTES
    ]
    return Needs(
        contact_fields=frozenset(each.field.attribute for each in looked_at),
        contact_field_options=frozenset(
            (each.field.attribute, option)
            for each in looked_at
            if each.field.kind is FieldKind.OPTIONS and isinstance(each.value, tuple)
            for option in each.value
        ),
        consents=frozenset(
            each.consent_id for each in conditions if isinstance(each, ConsentCondition)
        ),
        points=frozenset(
            each.definition for each in conditions if isinstance(each, PointsCondition)
        ),
        reception_events=_reception_events(
            [each for each in conditions if isinstance(each, ActivityCondition)], site
        ),
    )


def _reception_events(
    conditions: list[ActivityCondition], site: Site
) -> frozenset[tuple[int, str]]:
    """Return the reception events whose activities are counted, and the fields compared."""
    named = {each.type for each in conditions}
    events = ReceptionEvent.objects.filter(site=site, alias__in=named, deleted_at=None)
    by_alias = {event.alias: event for event in events.prefetch_related("fields")} if named else {}
    found = set()
    for condition in conditions:
        event = by_alias.get(condition.type)
        if event is None:
            continue
        found.add((event.pk, ""))
        declared = {field.field_id for field in event.fields.all()}
        compared = {path_of(each.path)[0] for each in condition.properties}
        found.update((event.pk, field_id) for field_id in compared & declared)
    return frozenset(found)
