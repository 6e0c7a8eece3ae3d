"""What the buttons of the editor do to a draft; each is a word and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from automation.admin.workflows.condition_rows import conditions_acted
from automation.admin.workflows.draft import Draft, StepDraft
from automation.admin.workflows.step_inputs import INPUTS, InputKind, first_settings
from automation.admin.workflows.step_views import step_problems
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.actions.set_field import MOST_ROWS
from automation.workflows.definition import MOST_STEPS
from automation.workflows.site_things import SiteThings
from common.admin.row_numbers import row_number

MOST_OPEN: Final = 8


def draft_acted(draft: Draft, action: str, new_action: str, things: SiteThings) -> None:
    """Change the draft as the button says; one of a page that is out of date does nothing.

    `add`, `when.add`, `when.remove.<n>`, `step.<id>.<verb>`, `step.<id>.<setting>.<verb>.<n>`.
    """
    subject, _, rest = action.partition(".")
    if action == "add":
        _add(draft, new_action)
        _close_complete(draft, draft.steps[-1].id if draft.steps else "", things)
    elif subject == "when":
        verb, _, number = rest.partition(".")
        draft.conditions = conditions_acted(draft.conditions, verb, number)
    elif subject == "step":
        step_id, _, verb = rest.partition(".")
        step = draft.step(step_id)
        if step is not None:
            _step_acted(draft, step, verb, things)
            _close_complete(draft, step.id, things)


def _close_complete(draft: Draft, kept: str, things: SiteThings) -> None:
    """Close steps from the first on while too many are open: a form has only so many fields."""
    opened = [step for step in draft.steps if step.is_open and step.id != kept]
    for step in opened[: max(len(opened) + 1 - MOST_OPEN, 0)]:
        if step.id != draft.open_rule and not step_problems(step, things):
            step.is_open = False


def _add(draft: Draft, action: str) -> None:
    if action in ACTIONS and len(draft.steps) < MOST_STEPS:
        draft.steps.append(
            StepDraft(
                id=draft.new_step_id(),
                action=action,
                settings=first_settings(action),
                is_open=True,
            )
        )


def _step_acted(draft: Draft, step: StepDraft, verb: str, things: SiteThings) -> None:
    act = _VERBS.get(verb)
    if act is not None:
        act(draft, step)
    elif verb == "update":
        # Closed once it says all that it must.
        step.errors = step_problems(step, things)
        step.is_open = bool(step.errors)
        if not step.is_open and draft.open_rule == step.id:
            draft.open_rule = ""
    else:
        setting, _, rest = verb.partition(".")
        _setting_acted(step, setting, *rest.partition(".")[::2])


def _setting_acted(step: StepDraft, setting: str, verb: str, number: str) -> None:
    kinds = {each.name: each.kind for each in INPUTS[step.action]}
    rows: Any = step.settings.get(setting)
    if not isinstance(rows, list):
        return
    if kinds.get(setting) is InputKind.CONDITIONS:
        step.settings[setting] = conditions_acted(rows, verb, number)
    elif kinds.get(setting) is InputKind.FIELD_ROWS:
        step.settings[setting] = _field_rows_acted(rows, verb, number)


def _field_rows_acted(rows: list[Any], verb: str, number: str) -> list[Any]:
    if verb == "add" and len(rows) < MOST_ROWS:
        return [*rows, *first_settings("set_field")["rows"]]
    if verb == "remove":
        return [row for place, row in enumerate(rows) if place != row_number(number)]
    return rows


def _move(draft: Draft, step: StepDraft, by: int) -> None:
    here = draft.steps.index(step)
    there = here + by
    if 0 <= there < len(draft.steps):
        draft.steps[here], draft.steps[there] = draft.steps[there], draft.steps[here]


def _duplicate(draft: Draft, step: StepDraft) -> None:
    if len(draft.steps) < MOST_STEPS:
        copied = StepDraft(
            id=draft.new_step_id(),
            action=step.action,
            settings=deepcopy(step.settings),
            is_open=step.is_open,
        )
        draft.steps.insert(draft.steps.index(step) + 1, copied)


def _remove(draft: Draft, step: StepDraft) -> None:
    draft.steps.remove(step)
    if draft.open_rule == step.id:
        draft.open_rule = ""


def _edit(draft: Draft, step: StepDraft) -> None:
    step.is_open = True


_VERBS: Final[dict[str, Callable[[Draft, StepDraft], None]]] = {
    "up": lambda draft, step: _move(draft, step, -1),
    "down": lambda draft, step: _move(draft, step, 1),
    "duplicate": _duplicate,
    "remove": _remove,
    "edit": _edit,
    # The step is shown with what belongs to the choice that was made in it.
    "show": _edit,
}
