"""What a rule is made of. Read by `reading`, asked of the database by `queries`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias, Union

from automation.segments.fields import RuleField

# What a condition compares with, by the `ValueForm` of its operator; None where it has no value.
FieldValue: TypeAlias = str | Decimal | date | int | bool | tuple[str, ...] | None
PropertyValue: TypeAlias = str | Decimal | bool | tuple[str | Decimal, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCondition:
    field: RuleField
    operator: str
    value: FieldValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceCondition:
    """`answer` is yes, no or not_set."""

    channel: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCondition:
    """`answer` is yes, no or not_set."""

    consent_id: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailStatusCondition:
    """The state of an address; who has no address has none of them."""

    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsCondition:
    """A balance; who has no account of these points has none."""

    definition: int
    operator: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyCondition:
    """On one activity. `path` is the name of a property, or a JSON Pointer into nested ones."""

    path: str
    operator: str
    value: PropertyValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCondition:
    """How often an activity was recorded, in the last `days` or ever (None)."""

    type: str
    operator: str
    count: int
    days: int | None = None
    properties: tuple[PropertyCondition, ...] = ()


Condition: TypeAlias = (
    FieldCondition
    | PreferenceCondition
    | ConsentCondition
    | EmailStatusCondition
    | PointsCondition
    | ActivityCondition
)
Item: TypeAlias = Union["Group", Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions of which all or any must hold."""

    match: str
    items: tuple[Item, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions of the group and of the groups in it, in reading order."""
        return tuple(
            condition
            for item in self.items
            for condition in (item.conditions if isinstance(item, Group) else (item,))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who is in: everybody of whom `include` holds, without those of whom `exclude` holds.

    An `include` without conditions holds of every contact.
    """

    include: Group = field(default_factory=lambda: Group(match="all"))
    exclude: Group | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.include.conditions + (self.exclude.conditions if self.exclude else ())
