"""The steps as the editor shows them: a sentence each, and the inputs of those that are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from automation.admin.workflows.condition_rows import ConditionRow, condition_rows
from automation.admin.workflows.draft import StepDraft, json_text, sentences_at
from automation.admin.workflows.rule_slot import RuleSlot, rule_slot
from automation.admin.workflows.step_inputs import (
    INPUTS,
    InputKind,
    SettingInput,
)
from automation.admin.workflows.step_reading import event_fields
from automation.admin.workflows.value_inputs import Offered, ValueInput, value_input
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.problems import Problems
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRowView:
    """A row of Set field."""

    number: int
    field: str
    operation: str
    value: ValueInput
    errors: Sequence[str]
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventValueView:
    label: str
    is_required: bool
    value: ValueInput
    errors: Sequence[str]


@dataclass(slots=True, kw_only=True)
class InputView:
    """One setting on the page; which of the parts is filled depends on its kind."""

    asked: SettingInput
    name: str
    text: str = ""
    choices: Sequence[tuple[str, str]] = ()
    errors: Sequence[str] = ()
    value: ValueInput | None = None
    field_rows: Sequence[FieldRowView] = ()
    event_values: Sequence[EventValueView] = ()
    conditions: Sequence[ConditionRow] = ()
    rule: RuleSlot | None = None

    @property
    def template(self) -> str:
        return f"admin/workflows/input_{self.asked.kind.value}.html"

    @property
    def has_blank(self) -> bool:
        """Whether the choices have one of their own for nothing."""
        return any(not key for key, _ in self.choices)

    @property
    def is_unknown(self) -> bool:
        """Whether what is chosen is not among the choices (any more)."""
        return bool(self.text) and self.text not in {key for key, _ in self.choices}


@dataclass(slots=True, kw_only=True)
class StepView:
    """`summary` is empty for a step that is not complete yet."""

    step: StepDraft
    number: int
    is_last: bool
    label: str
    help: str
    summary: str
    inputs: Sequence[InputView] = ()
    errors: Sequence[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return self.summary or self.label


def step_views(
    steps: Sequence[StepDraft], things: SiteThings, offered: Offered, open_rule: str
) -> list[StepView]:
    inputs = _Inputs(things=things, offered=offered, open_rule=open_rule)
    return [
        StepView(
            step=step,
            number=number,
            is_last=number == len(steps),
            label=ACTIONS[step.action].label,
            help=ACTIONS[step.action].help,
            summary=step_summary(step, things),
            inputs=inputs.of(step) if step.is_open else (),
            errors=list(_other_errors(step)),
        )
        for number, step in enumerate(steps, start=1)
    ]


def step_summary(step: StepDraft, things: SiteThings) -> str:
    """Return what the step does in a sentence, empty while something is missing."""
    action = ACTIONS.get(step.action)
    if action is None:
        return ""
    problems = Problems()
    settings = action.read(Reading(step.said, "", problems, things))
    return "" if problems else action.summary(settings, things)


def step_problems(step: StepDraft, things: SiteThings) -> dict[str, list[str]]:
    """Return what is wrong with the settings of a step, by place."""
    found: dict[str, list[str]] = {}
    problems = Problems()
    ACTIONS[step.action].read(Reading(step.said, "", problems, things))
    for place, sentence in problems:
        found.setdefault(place, []).append(sentence)
    return found


def _other_errors(step: StepDraft) -> Iterator[str]:
    """Yield what is wrong with the step beside its settings."""
    named = {asked.name for asked in INPUTS[step.action]}
    for place, sentences in step.errors.items():
        if place.split(".")[0] not in named:
            yield from sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """Makes the inputs of open steps."""

    things: SiteThings
    offered: Offered
    open_rule: str

    def of(self, step: StepDraft) -> list[InputView]:
        return [self._input(step, asked) for asked in INPUTS[step.action]]

    def _input(self, step: StepDraft, asked: SettingInput) -> InputView:
        name = f"step.{step.id}.{asked.name}"
        value = step.settings.get(asked.name)
        view = InputView(asked=asked, name=name, errors=list(sentences_at(step.errors, asked.name)))
        match asked.kind:
            case InputKind.YES_NO:
                view.text = (
                    {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else ""
                )
            case InputKind.VALUE:
                view.value = value_input(name, value, self.offered, asked.definition)
            case InputKind.FIELD_ROWS:
                view.field_rows = self._field_rows(step, asked.name, name)
                view.errors = list(step.errors.get(asked.name, ()))
            case InputKind.EVENT_VALUES:
                view.event_values = self._event_values(step, asked.name, name)
                view.errors = list(step.errors.get(asked.name, ()))
            case InputKind.CONDITIONS:
                view.conditions = condition_rows(_objects(value), name, self.offered)
            case InputKind.RULE:
                rule = value if isinstance(value, dict) else None
                view.rule = rule_slot(step.id, rule, self.things, self.open_rule)
                view.text = json_text(rule)
            case _:
                view.text = "" if value is None else str(value)
                view.choices = asked.choices(self.things) if asked.choices else ()
        return view

    def _field_rows(self, step: StepDraft, key: str, name: str) -> list[FieldRowView]:
        fields = self.things.fields
        return [
            FieldRowView(
                number=number,
                field=str(row.get("field") or ""),
                operation=str(row.get("operation") or "set"),
                value=value_input(
                    f"{name}.{number}",
                    row.get("value"),
                    self.offered,
                    fields.get(str(row.get("field"))),
                ),
                errors=list(sentences_at(step.errors, f"{key}.{number}")),
                is_known=str(row.get("field")) in fields,
            )
            for number, row in enumerate(_objects(step.settings.get(key)))
        ]

    def _event_values(self, step: StepDraft, key: str, name: str) -> list[EventValueView]:
        given = step.settings.get(key)
        values = given if isinstance(given, dict) else {}
        return [
            EventValueView(
                label=definition.name,
                is_required=is_required,
                value=value_input(
                    f"{name}.{definition.id}", values.get(definition.id), self.offered, definition
                ),
                errors=list(sentences_at(step.errors, f"{key}.{definition.id}")),
            )
            for definition, is_required in event_fields(step.settings.get("event"), self.things)
        ]


def _objects(rows: Any) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
