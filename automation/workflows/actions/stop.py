from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from automation.uses import Needs
from automation.workflows.actions.action import (
    Action,
    Category,
    Ending,
    Settings,
    StepCall,
    StepResult,
)
from automation.workflows.condition_words import conditions_words
from automation.workflows.contact_rules import contacts_matching_rule, rule_needs_of
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from webhooks.outbound.event_types.conditions import holds

_ALWAYS: Final = "The workflow stops here for everybody."
_HELD: Final = "The conditions of this step hold."
_WENT_ON: Final = "The conditions do not hold: it goes on."


class Stop(Action):
    key = "stop"
    label = "Stop"
    help = "Ends the workflow for a contact, always or when all conditions hold."
    category = Category.FLOW
    decides = True

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("event_conditions", "contact_rule")
        return {
            "event_conditions": reading.conditions("event_conditions"),
            "contact_rule": reading.rule("contact_rule"),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        words = conditions_words(settings["event_conditions"], settings["contact_rule"], names)
        return f"Stop if {words}" if words else "Stop"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        return rule_needs_of(settings["contact_rule"], things.site)

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        settings = calls[0].settings
        conditions, rule = settings["event_conditions"], settings["contact_rule"]
        stopped = {call.run_id for call in calls if holds(conditions, call.variables)}
        if rule is not None and stopped:
            ids = {call.contact_id for call in calls if call.run_id in stopped}
            matching = contacts_matching_rule(calls[0].site, rule, ids)
            stopped &= {call.run_id for call in calls if call.contact_id in matching}
        reason = _HELD if conditions or rule is not None else _ALWAYS
        return [
            StepResult(ending=Ending.STOP, detail=reason)
            if call.run_id in stopped
            else StepResult(ending=Ending.SKIPPED, detail=_WENT_ON)
            for call in calls
        ]
