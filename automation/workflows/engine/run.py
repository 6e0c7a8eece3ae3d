from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from automation.models import RunState
from automation.workflows.definition import Step
from contacts.applied_change import ChangeSource
from sites.models import Site

# What the key of a change begins with that a workflow made; events name it in their source type.
SOURCE_KEY: Final = "flow:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One version of a workflow, on its site, with the name that it has now."""

    site: Site
    workflow_id: UUID
    version_id: int
    name: str
    steps: Sequence[Step]

    def source(self) -> ChangeSource:
        """Return who changes contacts when a step does it now."""
        return ChangeSource(
            key=f"{SOURCE_KEY}{self.workflow_id.hex}",
            label=f"Workflow {self.name}",
            received_at=timezone.now(),
        )


@dataclass(slots=True, kw_only=True)
class Run:
    """A run in memory. `step_rows` are the rows of the steps that it took since it was loaded."""

    id: UUID
    contact_id: UUID
    event: Mapping[str, Any] = field(repr=False)
    depth: int
    started_at: datetime
    position: int = 0
    received_event_id: UUID | None = None
    state: RunState = RunState.READY
    reason: str = ""
    due_at: datetime | None = None
    ended_at: datetime | None = None
    step_rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_going(self) -> bool:
        return self.state == RunState.READY

    def end(self, state: RunState, reason: str = "") -> None:
        self.state, self.reason = state, reason
        self.due_at, self.ended_at = None, timezone.now()
