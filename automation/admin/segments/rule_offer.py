"""What the editor offers for each subject of a condition: how it is compared, and with what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from automation.admin.segments.rule_tree import Node, Tree
from automation.segments.choices import RuleChoices, property_choices, rule_choices
from automation.segments.fields import ATTRIBUTE, FieldKind, RuleField
from automation.segments.operators import (
    ANSWERS,
    COUNT_OPERATORS,
    FIELD_OPERATORS,
    MATCHES,
    POINTS_OPERATORS,
    PROPERTY_OPERATORS,
    Operator,
    ValueForm,
)
from automation.segments.rule_names import RuleNames
from sites.models import Site

ACTIVITY: Final = "activity"
# What a new condition begins with where another operator than the first is meant more often.
_USUAL: Final[Mapping[FieldKind, str]] = {FieldKind.DATE: "within_days"}
_MOST_SAMPLES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedOperator:
    """`form` says which input belongs to it, for the style sheet."""

    key: str
    label: str
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedOption:
    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleShown:
    """A property of an activity with values that it had lately."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a condition on one subject looks like; `usual` is the operator it begins with."""

    label: str = ""
    operators: Sequence[OfferedOperator] = ()
    usual: str = ""
    inputs: Sequence[str] = ()
    options: Sequence[OfferedOption] = ()


class RuleOffer:
    """All subjects of a site, in groups for a choice and each by its key."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.names = RuleNames(site)
        self._choices: RuleChoices = rule_choices(self.names)
        self._fields = {field.id: field for field in self._choices.fields}
        self._samples: dict[str, tuple[SampleShown, ...]] = {}

    @cached_property
    def subjects(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The groups of a choice by their headings; an empty one is left out."""
        return [
            (heading, [(key, about.label) for key, about in group.items()])
            for heading, group in self._groups.items()
            if group
        ]

    matches: Final = tuple(MATCHES.items())
    property_operators: Final = tuple(
        (key, words.replace("{}", "").strip()) for key, words in PROPERTY_OPERATORS.items()
    )

    def has(self, subject: str) -> bool:
        return subject in self._about

    def about(self, subject: str) -> About:
        """Return what the subject looks like; one that the site has no more has its name alone."""
        found = self._about.get(subject)
        if found is not None:
            return found
        kind, _, name = subject.partition(":")
        if kind == ACTIVITY:
            # Nobody did it lately, but rules about it stay.
            return _activity(name)
        return About(label=name.removeprefix(ATTRIBUTE) or kind)

    def samples(self, activity_type: str) -> tuple[SampleShown, ...]:
        """Return the properties of an activity with their latest values, read once."""
        if activity_type not in self._samples:
            self._samples[activity_type] = tuple(
                SampleShown(path=each.path, text=", ".join(each.samples) or each.kind)
                for each in property_choices(self._site, activity_type)[:_MOST_SAMPLES]
            )
        return self._samples[activity_type]

    def form_of(self, field_id: str, operator: str) -> ValueForm:
        """Return what is given with an operator of a field."""
        field = self._fields.get(field_id)
        offered = FIELD_OPERATORS[field.kind] if field is not None else {}
        return offered[operator].form if operator in offered else ValueForm.TEXT

    def fit(self, tree: Tree) -> list[Node]:
        """Give each condition whose subject was changed inputs that fit; return those conditions.

        What was typed stays in the inputs that the new subject has as well.
        """
        changed = [node for node in tree.nodes() if not node.is_group and node.subject != node.was]
        for node in changed:
            about = self.about(node.subject)
            known = [operator.key for operator in about.operators]
            if node.operator not in known:
                node.operator = about.usual or next(iter(known), "")
            if not node.subject.startswith(ACTIVITY):
                node.properties = []
            elif not node.count:
                node.count = "1"
            node.chosen = [each for each in node.chosen if each in _ids(about.options)]
            node.was = node.subject
        return changed

    @cached_property
    def _about(self) -> Mapping[str, About]:
        return {key: about for group in self._groups.values() for key, about in group.items()}

    @cached_property
    def _groups(self) -> Mapping[str, Mapping[str, About]]:
        choices = self._choices
        own = [field for field in choices.fields if field.attribute]
        columns = [field for field in choices.fields if not field.attribute]
        points = _compared_with(POINTS_OPERATORS.values())
        return {
            "Profile": {f"field:{field.id}": _field(field) for field in columns},
            "Contact fields": {f"field:{field.id}": _field(field) for field in own},
            "Preferences": {
                f"preference:{key}": _answered(f"Accepts {label}")
                for key, label in choices.channels
            },
            "Consents": {
                f"consent:{key}": _answered(f"Consent: {name}") for key, name in choices.consents
            },
            "E-mail address": {"email_status": _statuses(choices.email_statuses)},
            "Points": {
                f"points:{number}": replace(points, label=f"Balance of {name}")
                for number, name in choices.points
            },
            "Activities": {
                f"{ACTIVITY}:{key}": _activity(label) for key, label in choices.activity_types
            },
        }


def _field(field: RuleField) -> About:
    about = _compared_with(FIELD_OPERATORS[field.kind].values())
    return replace(
        about,
        label=field.label,
        usual=_USUAL.get(field.kind, ""),
        options=[OfferedOption(id=each.id, label=each.label) for each in field.options],
    )


def _compared_with(operators: Iterable[Operator]) -> About:
    offered = [
        OfferedOperator(key=each.key, label=each.label, form=each.form.value) for each in operators
    ]
    return About(operators=offered, inputs=list(dict.fromkeys(each.form for each in offered)))


def _answered(label: str) -> About:
    return About(
        label=label,
        operators=[OfferedOperator(key=key, label=words) for key, words in ANSWERS.items()],
    )


def _statuses(statuses: Iterable[tuple[str, str]]) -> About:
    options = [OfferedOption(id=key, label=label) for key, label in statuses]
    return About(label="E-mail status", options=options, inputs=["options"])


def _activity(label: str) -> About:
    operators = [OfferedOperator(key=key, label=words) for key, words in COUNT_OPERATORS.items()]
    return About(label=label, operators=operators, inputs=[ACTIVITY])


def _ids(options: Iterable[OfferedOption]) -> set[str]:
    return {option.id for option in options}
