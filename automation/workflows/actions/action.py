from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from automation.uses import Needs
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from automation.workflows.values import Variables, resolve_value
from contacts.applied_change import Changes, ChangeSource
from sites.models import Site

Settings = Mapping[str, Any]


class Category(StrEnum):
    """Where an editor lists an action."""

    CONTACT = "Contact"
    LOYALTY = "Loyalty"
    OUTSIDE = "Outside"
    FLOW = "Flow"


class Ending(StrEnum):
    """What a step came to. `failed` is for good; what `raised` is tried again."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"
    WAIT = "wait"
    STOP = "stop"
    RAISED = "raised"


@dataclass(slots=True, kw_only=True)
class StepCall:
    """One run at one step. `variables` are `event`, and `contact` where the settings ask for it.

    `started_at` is when the run began. `source` says who changes the contact: the workflow. `key`
    is the same whenever this step of this run is tried again.
    """

    site: Site
    run_id: UUID
    started_at: datetime
    position: int
    contact_id: UUID
    settings: Settings
    variables: Variables = field(repr=False)
    source: ChangeSource
    received_event_id: UUID | None = None

    @property
    def key(self) -> str:
        return f"{self.run_id}:{self.position}"

    def value(self, value: Mapping[str, Any]) -> Any:
        """Return what a value of the settings is in this run; None when it is not there."""
        return resolve_value(value, self.variables)


@dataclass(slots=True, kw_only=True)
class StepResult:
    """`detail` is a sentence for the log, without personal data.

    `changes` are those of the contact, for the dry run; `due_at` is when a wait is over.
    """

    ending: Ending
    detail: str = ""
    changes: Changes = field(default_factory=dict, repr=False)
    event_id: UUID | None = None
    api_call_id: UUID | None = None
    due_at: datetime | None = None


class Action(ABC):
    """One kind of step.

    `is_outside`: `perform` calls another system, outside any transaction. `decides`: whether the
    run goes on depends on it, so that a run cannot go on without it.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    category: ClassVar[Category]
    is_outside: ClassVar[bool] = False
    decides: ClassVar[bool] = False

    @abstractmethod
    def read(self, reading: Reading) -> dict[str, Any]:
        """Return settings as they are stored, and note what is wrong with those given."""

    @abstractmethod
    def summary(self, settings: Settings, names: SiteThings) -> str:
        """Return what the step does, as a sentence."""

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        """Return what must not be deleted while a workflow has this step."""
        return Needs()

    @abstractmethod
    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        """Do the step for many runs of one site with the same settings, in the order of calls.

        Runs in the caller's transaction; results come in the order of the calls. Raises what the
        database raises.
        """

    def perform(self, call: StepCall) -> StepResult:
        """Do the outside part of one step, outside any transaction; a failure is tried again."""
        raise NotImplementedError


def value_words(value: Mapping[str, Any], names: SiteThings) -> str:
    """Return how a sentence shows a value: the literal, or the name of the variable."""
    if "variable" in value:
        return f"[{names.variable_name(value['variable'])}]"
    literal = value["literal"]
    if isinstance(literal, bool):
        return "yes" if literal else "no"
    if isinstance(literal, list):
        return ", ".join(str(each) for each in literal)
    return f"“{literal}”" if isinstance(literal, str) else str(literal)
