"""A workflow as it stands in the editor: what was typed so far, fitting or not.

The page sends all of it with every button. Of the steps and rules, those that are open have inputs;
the others travel as JSON in a hidden field. Names of inputs begin with `trigger.`, `when.` (the
conditions on the event), `step.<id>.` and, for the one rule that is open, as `segments` has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from automation.workflows.definition import ALWAYS, MOST_STEPS
from common.json import BadJson, parse_json

WORKFLOW_RULE: Final = "workflow"
_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,40}")
_DEEPEST: Final = 24


@dataclass(slots=True, kw_only=True)
class StepDraft:
    """One step; `errors` are by place within its settings, "" for the step as a whole."""

    id: str
    action: str
    settings: dict[str, Any] = field(default_factory=dict)
    is_open: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, Any]:
        """The settings without conditions of which no variable is chosen yet."""
        rows = self.settings.get("event_conditions")
        if not isinstance(rows, list):
            return self.settings
        return {**self.settings, "event_conditions": chosen_conditions(rows)}

    @property
    def settings_text(self) -> str:
        return json_text(self.settings)


@dataclass(slots=True, kw_only=True)
class Draft:
    """`errors` are by place, those of the steps left out. `open_rule` names the rule with inputs:
    `workflow`, or the id of a step."""

    name: str = ""
    description: str = ""
    trigger: dict[str, Any] = field(default_factory=dict)
    entry: str = ALWAYS
    conditions: list[dict[str, Any]] = field(default_factory=list)
    rule: dict[str, Any] | None = None
    steps: list[StepDraft] = field(default_factory=list)
    open_rule: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """What is typed as a definition, to be read by `read_definition`."""
        return {
            "trigger": self.trigger,
            "entry": self.entry,
            "event_conditions": chosen_conditions(self.conditions),
            "contact_rule": self.rule,
            "steps": [
                {"id": step.id, "action": step.action, "settings": step.said} for step in self.steps
            ],
        }

    @property
    def rule_text(self) -> str:
        return json_text(self.rule)

    def step(self, step_id: str) -> StepDraft | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def new_step_id(self) -> str:
        taken = {step.id for step in self.steps}
        return next(name for number in range(1, 10_000) if (name := f"s{number}") not in taken)

    def rule_of(self, owner: str) -> dict[str, Any] | None:
        if owner == WORKFLOW_RULE:
            return self.rule
        step = self.step(owner)
        rule = step.settings.get("contact_rule") if step else None
        return rule if isinstance(rule, dict) else None

    def set_rule(self, owner: str, rule: dict[str, Any] | None) -> None:
        step = self.step(owner)
        if owner == WORKFLOW_RULE:
            self.rule = rule
        elif step is not None:
            step.settings["contact_rule"] = rule

    def show_problems(self, problems: Sequence[tuple[str, str]]) -> None:
        """Put each sentence where it belongs, and open the steps that have one."""
        for place, sentence in problems:
            parts = place.split(".")
            number = parts[1] if len(parts) > 1 and parts[0] == "steps" else ""
            if number.isdecimal() and int(number) < len(self.steps):
                step = self.steps[int(number)]
                step.is_open = True
                within = ".".join(parts[3 if parts[2:3] == ["settings"] else 2 :])
                step.errors.setdefault(within, []).append(sentence)
            else:
                self.errors.setdefault(place, []).append(sentence)

    def errors_at(self, prefix: str) -> Iterator[str]:
        """Yield what is wrong at a place and below it."""
        yield from sentences_at(self.errors, prefix)


def stored_draft(name: str, description: str, document: Mapping[str, Any] | None) -> Draft:
    """Return the draft of a stored version; without one, of a blank workflow."""
    if document is None:
        return Draft(name=name, description=description)
    return Draft(
        name=name,
        description=description,
        trigger=dict(document["trigger"]),
        entry=document["entry"],
        conditions=[dict(row) for row in document["event_conditions"]],
        rule=document["contact_rule"],
        steps=[
            StepDraft(id=row["id"], action=row["action"], settings=dict(row["settings"]))
            for row in document["steps"]
        ],
    )


def chosen_conditions(rows: Sequence[Any]) -> list[Any]:
    """Return the conditions of which a variable is chosen: a blank row counts for nothing."""
    return [row for row in rows if not (isinstance(row, dict) and row.get("pointer") == "")]


def sentences_at(errors: Mapping[str, Sequence[str]], prefix: str) -> Iterator[str]:
    for place, sentences in errors.items():
        if place == prefix or place.startswith(f"{prefix}."):
            yield from sentences


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def posted_object(text: str) -> dict[str, Any]:
    """Return the object of a hidden field; what is none was not written by this page."""
    try:
        value: Any = parse_json(text.encode("utf-8", "replace"), max_depth=_DEEPEST)
    except BadJson:
        return {}
    return plain(value) if isinstance(value, dict) else {}


def plain(value: Any) -> Any:
    """Return the value with numbers that `json` can write again."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, str | bool | int | float) else float(value)


def step_ids(sent: Sequence[str]) -> list[str]:
    """Return the ids of the steps in the order in which they were sent, each once."""
    return [each for each in dict.fromkeys(sent) if _ID.fullmatch(each)][: MOST_STEPS + 1]
