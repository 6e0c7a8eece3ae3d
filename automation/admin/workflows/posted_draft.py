"""Reads what the editor's page sent into a draft."""

from __future__ import annotations

from typing import Any, Final

from django.http import QueryDict

from automation.admin.workflows.condition_rows import posted_conditions
from automation.admin.workflows.draft import (
    WORKFLOW_RULE,
    Draft,
    StepDraft,
    posted_object,
    step_ids,
)
from automation.admin.workflows.step_reading import posted_settings
from automation.admin.workflows.trigger_inputs import posted_trigger
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.definition import ALWAYS, ENTRIES
from automation.workflows.site_things import SiteThings

CONDITIONS: Final = "when"


def posted_draft(data: QueryDict, things: SiteThings) -> Draft:
    """Return the draft of the page; the rule that is open is left to `OpenRule`."""
    entry = data.get("entry", ALWAYS)
    draft = Draft(
        name=data.get("name", ""),
        description=data.get("description", ""),
        trigger=posted_trigger(data, things),
        entry=entry if entry in ENTRIES else ALWAYS,
        conditions=posted_conditions(data, CONDITIONS),
        rule=posted_object(data.get("rule", "")) or None,
        steps=[
            _step(data, step_id, things)
            for step_id in step_ids(data.getlist("step"))
            if data.get(f"step.{step_id}.action") in ACTIONS
        ],
    )
    owner = data.get("open_rule", "")
    if owner == WORKFLOW_RULE or draft.step(owner) is not None:
        draft.open_rule = owner
    return draft


def _step(data: QueryDict, step_id: str, things: SiteThings) -> StepDraft:
    prefix = f"step.{step_id}"
    action = data.get(f"{prefix}.action", "")
    is_open = f"{prefix}.open" in data
    settings: dict[str, Any] = (
        posted_settings(data, prefix, action, things)
        if is_open
        else posted_object(data.get(f"{prefix}.settings", ""))
    )
    return StepDraft(id=step_id, action=action, settings=settings, is_open=is_open)
