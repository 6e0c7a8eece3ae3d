"""How values are compared: what each kind of field offers, and what one then has to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from automation.segments.fields import FieldKind


class ValueForm(StrEnum):
    """What is given with an operator."""

    NONE = "none"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    DAY = "day"
    DAYS = "days"
    BOOLEAN = "boolean"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True)
class Operator:
    """`words` come between the name of the field and the value; `{}` stands for the value."""

    key: str
    form: ValueForm
    words: str

    @property
    def label(self) -> str:
        """The words as a choice beside an input for the value."""
        return self.words.replace(" {} days", " … days").replace("{}", "").strip()


def _by_key(*operators: Operator) -> Mapping[str, Operator]:
    return {each.key: each for each in operators}


_SET: Final = (
    Operator("is_set", ValueForm.NONE, "is set"),
    Operator("is_not_set", ValueForm.NONE, "is not set"),
)
_NUMBERS: Final = (
    Operator("eq", ValueForm.NUMBER, "is {}"),
    Operator("gt", ValueForm.NUMBER, "is more than {}"),
    Operator("ge", ValueForm.NUMBER, "is at least {}"),
    Operator("lt", ValueForm.NUMBER, "is less than {}"),
    Operator("le", ValueForm.NUMBER, "is at most {}"),
)

FIELD_OPERATORS: Final[Mapping[FieldKind, Mapping[str, Operator]]] = {
    FieldKind.TEXT: _by_key(
        Operator("eq", ValueForm.TEXT, "is {}"),
        Operator("ne", ValueForm.TEXT, "is not {}"),
        Operator("contains", ValueForm.TEXT, "contains {}"),
        Operator("starts_with", ValueForm.TEXT, "starts with {}"),
        Operator("in", ValueForm.TEXTS, "is one of {}"),
        *_SET,
    ),
    FieldKind.NUMBER: _by_key(
        *_NUMBERS[:1], Operator("ne", ValueForm.NUMBER, "is not {}"), *_NUMBERS[1:], *_SET
    ),
    FieldKind.DATE: _by_key(
        Operator("before", ValueForm.DAY, "is before {}"),
        Operator("after", ValueForm.DAY, "is after {}"),
        Operator("on", ValueForm.DAY, "is on {}"),
        Operator("within_days", ValueForm.DAYS, "is within the last {} days"),
        Operator("older_than_days", ValueForm.DAYS, "is more than {} days ago"),
        Operator("within_next_days", ValueForm.DAYS, "is within the next {} days"),
        Operator("anniversary_within_days", ValueForm.DAYS, "has its anniversary within {} days"),
        *_SET,
    ),
    FieldKind.BOOLEAN: _by_key(Operator("is", ValueForm.BOOLEAN, "is {}"), *_SET),
    FieldKind.OPTIONS: _by_key(
        Operator("in", ValueForm.OPTIONS, "is one of {}"),
        Operator("not_in", ValueForm.OPTIONS, "is none of {}"),
        *_SET,
    ),
}
POINTS_OPERATORS: Final = _by_key(*_NUMBERS)
# `eq`, `ne` and `in` take a text, a number, or yes or no; the others below what they name.
PROPERTY_OPERATORS: Final[Mapping[str, str]] = {
    "eq": "is {}",
    "ne": "is not {}",
    "gt": "is more than {}",
    "ge": "is at least {}",
    "lt": "is less than {}",
    "le": "is at most {}",
    "contains": "contains {}",
    "in": "is one of {}",
    "is_set": "is set",
}
COUNT_OPERATORS: Final[Mapping[str, str]] = {
    "at_least": "at least",
    "at_most": "at most",
    "exactly": "exactly",
}
ANSWERS: Final[Mapping[str, str]] = {"yes": "yes", "no": "no", "not_set": "not set"}
MATCHES: Final[Mapping[str, str]] = {"all": "all of", "any": "any of"}
