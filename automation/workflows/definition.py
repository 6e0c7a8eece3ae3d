"""What an operator saves: when a workflow begins, for whom, and the steps that follow.

    {"trigger": {"type": "reception_event", "event": "5f0c…"},
     "entry": "always",
     "event_conditions": [{"pointer": "/event/amount", "operator": "gt", "value": 100}],
     "contact_rule": null,
     "steps": [{"id": "s1", "action": "set_field",
                "settings": {"rows": [{"field": "points", "operation": "add",
                                       "value": {"literal": 10}}]}}]}

`event_conditions` look at the variables of the trigger, `contact_rule` (a segment's rule) at the
contact; both must hold for a contact to begin. `entry` says how often it may.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from automation.workflows.actions.action import Action
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.problems import BadDefinition, Problem, Problems
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import read_trigger
from sites.models import Site

__all__ = [
    "ENTRIES",
    "MOST_STEPS",
    "BadDefinition",
    "Definition",
    "Problem",
    "Step",
    "definition_json",
    "read_definition",
    "stored_definition",
]

ALWAYS: Final = "always"
ONCE: Final = "once"
NOT_WHILE_RUNNING: Final = "not_while_running"
ENTRIES: Final[Mapping[str, str]] = {
    ALWAYS: "Every time",
    ONCE: "Once in a lifetime",
    NOT_WHILE_RUNNING: "Again once it has gone through",
}
MOST_STEPS: Final = 50
_STEP_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`settings` are as the action stores them; `id` stays the same while steps are moved."""

    id: str
    action: Action
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    trigger: Mapping[str, Any]
    entry: str = ALWAYS
    event_conditions: Sequence[Mapping[str, Any]] = ()
    contact_rule: Mapping[str, Any] | None = None
    steps: Sequence[Step] = ()


def read_definition(document: Any, site: Site, things: SiteThings | None = None) -> Definition:
    """Return what a document says; raises BadDefinition with everything that is wrong with it."""
    problems = Problems()
    reading = Reading(document, "", problems, things or SiteThings(site))
    reading.only("trigger", "entry", "event_conditions", "contact_rule", "steps")
    definition = Definition(
        trigger=read_trigger(reading.at("trigger", reading.get("trigger") or {})),
        entry=reading.choice("entry", tuple(ENTRIES), ALWAYS),
        event_conditions=reading.conditions("event_conditions"),
        contact_rule=reading.rule("contact_rule"),
        steps=_read_steps(reading),
    )
    if problems:
        raise BadDefinition(list(problems))
    return definition


def definition_json(definition: Definition) -> dict[str, Any]:
    """Return the document as it is stored, which `read_definition` reads again."""
    return {
        "trigger": dict(definition.trigger),
        "entry": definition.entry,
        "event_conditions": [dict(row) for row in definition.event_conditions],
        "contact_rule": definition.contact_rule,
        "steps": [
            {"id": step.id, "action": step.action.key, "settings": dict(step.settings)}
            for step in definition.steps
        ],
    }


def stored_definition(document: Mapping[str, Any]) -> Definition:
    """Return a definition that was read before it was stored, without looking at the site again."""
    return Definition(
        trigger=document["trigger"],
        entry=document["entry"],
        event_conditions=document["event_conditions"],
        contact_rule=document["contact_rule"],
        steps=tuple(
            Step(id=step["id"], action=ACTIONS[step["action"]], settings=step["settings"])
            for step in document["steps"]
        ),
    )


def _read_steps(reading: Reading) -> tuple[Step, ...]:
    rows = reading.objects("steps", most=MOST_STEPS, needed="Add at least one step.")
    taken: set[str] = set()
    steps = []
    for number, row in enumerate(rows, start=1):
        row.only("id", "action", "settings")
        given = row.get("id")
        step_id = given if isinstance(given, str) and given else f"s{number}"
        if not _STEP_ID.fullmatch(step_id) or step_id in taken:
            row.problem("id", "Every step has an id of its own, of letters and digits.")
        taken.add(step_id)
        action = ACTIONS[row.choice("action", tuple(ACTIONS))]
        settings = action.read(row.at("settings", row.get("settings") or {}))
        steps.append(Step(id=step_id, action=action, settings=settings))
    return tuple(steps)
