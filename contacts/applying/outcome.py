"""What became of one change, while the batch is still at work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from contacts.applied_change import AppliedChange, ChangeKind, Changes
from contacts.applying.activities import ActivityRow
from contacts.applying.facts import Facts
from contacts.applying.states import ContactState
from contacts.signals import ContactSnapshot

_CONSENT: Final = "consent."


@dataclass(slots=True)
class Outcome:
    """`existed`: the person was known before; `activities`: those that it means to record.

    `snapshot` is the contact right after the change, where there is something to tell.
    """

    facts: Facts
    kind: ChangeKind = ChangeKind.UNCHANGED
    state: ContactState | None = None
    existed: bool = True
    changes: Changes = field(default_factory=dict)
    activities: list[ActivityRow] = field(default_factory=list)
    absorbed: list[ContactState] = field(default_factory=list)
    held: tuple[str, ...] = ()
    snapshot: ContactSnapshot | None = None
    is_reduced: bool = False

    def take_snapshot(self) -> None:
        """Keep the contact as it is now: later changes of the batch alter the state itself."""
        state = self.state
        if state is not None:
            self.snapshot = ContactSnapshot(
                created_text=state.created_text,
                values=state.values.copy(),
                attributes=state.attributes.copy(),
                consents={
                    name: row
                    for name, row in state.consents.items()
                    if f"{_CONSENT}{name}" in self.changes
                },
            )

    def contact_id(self, *, is_dry_run: bool = False) -> UUID | None:
        """Return the contact's id, as it is after all merges; None while nothing is stored."""
        if self.state is None:
            return None
        state = self.state.final()
        return None if state.is_new and is_dry_run else UUID(hex=state.id)

    def applied(self, *, is_dry_run: bool) -> AppliedChange:
        facts = self.facts
        if self.kind is ChangeKind.REJECTED:
            return AppliedChange(
                kind=self.kind,
                cause=facts.cause,
                reason=facts.notes[0],
                notes=tuple(facts.notes[1:]),
                held=self.held,
            )
        recorded = (
            tuple([row.columns["type"] for row in self.activities if not row.is_repeat])
            if self.activities
            else ()
        )
        kind = self.kind
        if recorded and kind is ChangeKind.UNCHANGED:
            kind = ChangeKind.CHANGED
        return AppliedChange(
            kind=kind,
            contact_id=self.contact_id(is_dry_run=is_dry_run),
            changes=self.changes,
            notes=tuple(facts.notes),
            activities=recorded,
            absorbed_ids=tuple([UUID(hex=state.id) for state in self.absorbed]),
        )
