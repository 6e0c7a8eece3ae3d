"""A version of a workflow told in plain words, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.admin.workflows.draft import StepDraft
from automation.admin.workflows.rule_slot import rule_slot
from automation.admin.workflows.step_views import step_summary
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.condition_words import condition_words
from automation.workflows.definition import ENTRIES
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import trigger_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """`steps` are sentences by the id of their step, in order."""

    trigger: str
    entry: str
    conditions: tuple[str, ...] = ()
    rule: str = ""
    steps: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChange:
    """One line of what changed; `before` and `after` are empty where there was nothing."""

    label: str
    before: str
    after: str


def described(document: Mapping[str, Any], things: SiteThings) -> Described:
    """Return a stored version in words; what it names that is gone is said to be so."""
    rule = document["contact_rule"]
    slot = rule_slot("", rule, things, "-")
    return Described(
        trigger=trigger_words(document["trigger"], things),
        entry=ENTRIES[document["entry"]],
        conditions=tuple(condition_words(row, things) for row in document["event_conditions"]),
        rule="Conditions that name something that is gone." if slot.is_broken else slot.words,
        steps={row["id"]: stored_step_words(row, things) for row in document["steps"]},
    )


def stored_step_words(row: Mapping[str, Any], things: SiteThings) -> str:
    """Return what a step of a stored version does, as a sentence."""
    draft = StepDraft(id=row["id"], action=row["action"], settings=dict(row["settings"]))
    action = ACTIONS.get(row["action"])
    label = action.label if action else row["action"]
    return step_summary(draft, things) or f"{label} (it names something that is gone)"


def version_changes(before: Described, after: Described) -> list[VersionChange]:
    """Return what is different, in the order of the page."""
    pairs = [
        ("Trigger", before.trigger, after.trigger),
        ("How often", before.entry, after.entry),
        ("Conditions on the event", "; ".join(before.conditions), "; ".join(after.conditions)),
        ("Conditions on the contact", before.rule, after.rule),
    ]
    changes = [
        VersionChange(label=label, before=old, after=new) for label, old, new in pairs if old != new
    ]
    old_places = {step_id: number for number, step_id in enumerate(before.steps, start=1)}
    for number, (step_id, words) in enumerate(after.steps.items(), start=1):
        old = before.steps.get(step_id, "")
        if old != words:
            changes.append(VersionChange(label=f"Step {number}", before=old, after=words))
    changes += [
        VersionChange(label=f"Step {old_places[step_id]}", before=words, after="")
        for step_id, words in before.steps.items()
        if step_id not in after.steps
    ]
    shared = [step_id for step_id in before.steps if step_id in after.steps]
    if shared != [step_id for step_id in after.steps if step_id in before.steps]:
        changes.append(
            VersionChange(
                label="Order of the steps",
                before=", ".join(str(old_places[each]) for each in shared),
                after=", ".join(
                    str(old_places[each]) for each in after.steps if each in before.steps
                ),
            )
        )
    return changes
