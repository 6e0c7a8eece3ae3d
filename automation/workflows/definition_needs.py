"""What must not be deleted or retyped while a workflow uses it."""

from __future__ import annotations

from automation.uses import Needs
from automation.workflows.contact_rules import rule_needs_of
from automation.workflows.definition import Definition
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import RECEPTION_EVENT, trigger_needs
from automation.workflows.values import pointers_in

_CONTACT_FIELD = "/contact/attributes/"
_CONSENT = "/contact/consents/"


def definition_needs(definition: Definition, things: SiteThings) -> Needs:
    """Return the needs of the trigger, the conditions, the steps, and of the variables in them."""
    needs = trigger_needs(definition.trigger, things)
    needs |= rule_needs_of(definition.contact_rule, things.site)
    pointers = {*pointers_in(definition.event_conditions)}
    for step in definition.steps:
        needs |= step.action.needs(step.settings, things)
        pointers.update(pointers_in(step.settings))
    return needs | _variable_needs(definition, pointers, things)


def _variable_needs(definition: Definition, pointers: set[str], things: SiteThings) -> Needs:
    names = {pointer: pointer.replace("~1", "/").replace("~0", "~") for pointer in pointers}
    fields = {
        name.removeprefix(_CONTACT_FIELD)
        for name in names.values()
        if name.startswith(_CONTACT_FIELD)
    }
    consents = {name.removeprefix(_CONSENT) for name in names.values() if name.startswith(_CONSENT)}
    used: set[tuple[int, str]] = set()
    if definition.trigger["type"] == RECEPTION_EVENT:
        event = things.reception_events.get(definition.trigger["event"])
        known = {field.field_id for field in event.fields.all()} if event else set()
        asked = {name.removeprefix("/event/") for name in names.values()}
        used = {(event.pk, field_id) for field_id in known & asked} if event else set()
    return Needs(
        contact_fields=frozenset(fields & things.custom_fields.keys()),
        consents=frozenset(consents & things.consents.keys()),
        reception_events=frozenset(used),
    )
