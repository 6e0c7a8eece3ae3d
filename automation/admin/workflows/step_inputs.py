"""The settings of each action as inputs: how they are asked for, and how they are read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from automation.workflows.actions.set_field import OPERATIONS
from automation.workflows.actions.wait import UNITS
from automation.workflows.site_things import SYSTEM_NAMES, SiteThings
from integrations.contact_change import Channel
from integrations.field_types import FieldDefinition, FieldType
from onsite.models import Tag

Choice = tuple[str, str]
Choices = Callable[[SiteThings], Sequence[Choice]]


class InputKind(StrEnum):
    """What is asked for; the template of each is `input_<kind>.html`."""

    CHOICE = "choice"
    NUMBER_CHOICE = "number_choice"
    YES_NO = "yes_no"
    TEXT = "text"
    WHOLE = "whole"
    VALUE = "value"
    FIELD_ROWS = "field_rows"
    EVENT_VALUES = "event_values"
    CONDITIONS = "conditions"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInput:
    name: str
    label: str
    kind: InputKind
    help: str = ""
    choices: Choices | None = None
    # What stands on a new step.
    initial: Any = ""
    # Where nothing can be chosen yet: what to do about it.
    none_yet: str = ""
    definition: FieldDefinition | None = None


_AMOUNT: Final = FieldDefinition(id="amount", name="Amount", type=FieldType.DECIMAL)
_OPERATION_LABELS: Final = {"set": "Set to", "add": "Add", "clear": "Clear"}
OPERATION_CHOICES: Final = tuple((each, _OPERATION_LABELS[each]) for each in OPERATIONS)
_CHANNELS: Final = {Channel.EMAIL: "E-mail", Channel.SMS: "SMS", Channel.POSTAL: "Post"}


def field_choices(things: SiteThings) -> list[tuple[str, list[Choice]]]:
    """Return what a step may set, by heading."""
    own = [(each.id, each.name) for each in things.custom_fields.values()]
    groups = [("Contact fields of the site", own)] if own else []
    return [*groups, ("Contact", [(each.id, each.name) for each in SYSTEM_NAMES.values()])]


def _consents(things: SiteThings) -> list[Choice]:
    return [(key, each.name) for key, each in things.consents.items()]


def _points(things: SiteThings) -> list[Choice]:
    return [(str(number), each.name) for number, each in things.points.items()]


def _promotions(things: SiteThings) -> list[Choice]:
    return [(key, each.name) for key, each in things.promotions.items()]


def _send_events(things: SiteThings) -> list[Choice]:
    return [
        (key, f"{each.integration.name}: {each.name}") for key, each in things.send_events.items()
    ]


def _tags(things: SiteThings) -> list[Choice]:
    return [("", "As the contact has it"), *((each, each) for each in Tag.values)]


_POINTS: Final = SettingInput(
    name="definition", label="Points", kind=InputKind.NUMBER_CHOICE, choices=_points,
    none_yet="The site has no kind of points yet. Add one under Points first.",
)  # fmt: skip
_DESCRIPTION: Final = SettingInput(
    name="description", label="Description", kind=InputKind.TEXT,
    help="Stands in the history of the contact.",
)  # fmt: skip


def _value(label: str) -> SettingInput:
    return SettingInput(
        name="amount", label=label, kind=InputKind.VALUE, initial={"literal": ""},
        definition=_AMOUNT,
    )  # fmt: skip


INPUTS: Final[Mapping[str, tuple[SettingInput, ...]]] = MappingProxyType(
    {
        "set_field": (
            SettingInput(
                name="rows", label="Fields", kind=InputKind.FIELD_ROWS,
                initial=[{"field": "", "operation": "set", "value": {"literal": ""}}],
            ),
        ),
        "set_preference": (
            SettingInput(
                name="channel", label="Channel", kind=InputKind.CHOICE,
                choices=lambda _: [(each.value, label) for each, label in _CHANNELS.items()],
            ),
            SettingInput(name="accepts", label="Accepts", kind=InputKind.YES_NO),
        ),
        "set_consent": (
            SettingInput(
                name="consent_id", label="Consent", kind=InputKind.CHOICE, choices=_consents,
                none_yet="The site has no consent yet. Add one under Consents first.",
            ),
            SettingInput(name="value", label="Answer", kind=InputKind.YES_NO),
            SettingInput(
                name="comment", label="Comment", kind=InputKind.TEXT,
                help="Stands with the answer in the proof of consent.",
            ),
        ),
        "award_points": (_POINTS, _value("How many"), _DESCRIPTION),
        "create_voucher": (
            _value("Amount"),
            SettingInput(
                name="currency", label="Currency", kind=InputKind.TEXT,
                help="Three letters, such as SEK.",
            ),
            SettingInput(
                name="valid_days", label="Valid for, in days", kind=InputKind.WHOLE, initial=30,
                help="Empty: for ever.",
            ),
            _DESCRIPTION,
        ),
        "assign_promotion": (
            SettingInput(
                name="promotion", label="Promotion", kind=InputKind.CHOICE, choices=_promotions,
                none_yet="The site has no promotion yet. Add one under Promotions first.",
            ),
        ),
        "send_event": (
            SettingInput(
                name="event", label="Send event", kind=InputKind.CHOICE, choices=_send_events,
                none_yet="No custom integration of the site has a send event yet. Create one "
                "there, on the tab Send data.",
            ),
            SettingInput(
                name="values", label="Values", kind=InputKind.EVENT_VALUES, initial={}
            ),
        ),
        "call_generic_api": (
            SettingInput(
                name="tag", label="redeal", kind=InputKind.CHOICE, choices=_tags,
                help="Sent along with the contact.",
            ),
        ),
        "wait": (
            SettingInput(name="amount", label="How long", kind=InputKind.WHOLE, initial=1),
            SettingInput(
                name="unit", label="Unit", kind=InputKind.CHOICE, initial="days",
                choices=lambda _: [(each, each.capitalize()) for each in UNITS],
            ),
        ),
        "stop": (
            SettingInput(
                name="event_conditions", label="Only if, of the event", kind=InputKind.CONDITIONS,
                initial=[],
            ),
            SettingInput(
                name="contact_rule", label="Only if, of the contact", kind=InputKind.RULE,
                initial=None,
            ),
        ),
    }
)  # fmt: skip


def first_settings(action: str) -> dict[str, Any]:
    """Return the settings of a step that was just added."""
    return {each.name: _copy(each.initial) for each in INPUTS.get(action, ())}


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return {key: _copy(each) for key, each in value.items()} if isinstance(value, dict) else value
