"""What a batch will write besides the contacts themselves, in the order in which it came up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contacts.applied_change import Changes, ChangeSource
from contacts.applying.activities import ActivityRow
from contacts.applying.consent_answers import Answer
from contacts.applying.instants import iso
from contacts.applying.loyalty import LoyaltyRow
from contacts.applying.states import ContactState
from contacts.normalisation.personal_identity import personal_identity_decrypted
from contacts.signals import LoyaltyHappening
from integrations.contact_change import Identity


@dataclass(slots=True)
class Revision:
    state: ContactState
    changes: Changes
    source: ChangeSource


@dataclass(slots=True)
class Merge:
    kept: ContactState
    absorbed: ContactState
    joined_by: str
    taken: list[str]
    source: ChangeSource


@dataclass(slots=True)
class Erasure:
    """Made while the state still has what is erased: `identity` is who the person was by then.

    `until` (ISO 8601) limits it to what happened up to then; None takes everything. `position`
    counts the changes of the batch before it. `earlier_names` are noted when it is settled.
    """

    state: ContactState
    position: int
    source: ChangeSource
    until: str | None = None
    identity: Identity = field(init=False, repr=False)
    earlier_names: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        values = self.state.values
        self.identity = Identity(
            email=values["email"] or "",
            phone=values["phone"] or "",
            external_id=values["external_id"] or "",
            personal_identity_number=personal_identity_decrypted(
                values["personal_identity_number"]
            ),
        )


@dataclass(slots=True)
class Ledger:
    """`steps` holds merges and erasures, whose order among each other matters.

    `source_ids` and `moved_ids` hold the owner by key: of ids that nobody had, and of devices that
    were somebody else's. `happenings` come about while the steps are written.
    """

    revisions: list[Revision] = field(default_factory=list)
    activities: list[ActivityRow] = field(default_factory=list)
    loyalty: list[LoyaltyRow] = field(default_factory=list)
    happenings: list[LoyaltyHappening] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    steps: list[Merge | Erasure] = field(default_factory=list)
    source_ids: dict[tuple[Any, ...], ContactState] = field(default_factory=dict)
    moved_ids: dict[tuple[Any, ...], ContactState] = field(default_factory=dict)

    @property
    def merges(self) -> list[Merge]:
        return [step for step in self.steps if isinstance(step, Merge)]

    @property
    def erasures(self) -> list[Erasure]:
        return [step for step in self.steps if isinstance(step, Erasure)]

    def move_id(self, key: tuple[Any, ...], state: ContactState) -> None:
        owned = self.source_ids if key in self.source_ids else self.moved_ids
        owned[key] = state

    def erase(self, erasure: Erasure) -> None:
        """Note an erasure, and take back what this very batch was about to write of the person."""
        self.steps.append(erasure)
        state, until = erasure.state, erasure.until
        for revision in self.revisions:
            if revision.state.final() is state:
                revision.changes = {}
        self.activities = [
            row
            for row in self.activities
            if row.state.final() is not state
            or (until is not None and row.columns["occurred_at"] > until)
        ]
        self.loyalty = [
            row
            for row in self.loyalty
            if row.state.final() is not state or (until is not None and iso(row.at) > until)
        ]
        self.answers = [
            answer
            for answer in self.answers
            if answer.state.final() is not state
            or (until is not None and answer.columns["changed_at"] > until)
        ]
