"""The unit of work: changes in order, on contacts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from django.utils import timezone

from contacts.applied_change import CONFLICT, AppliedChange, ChangeItem, ChangeKind
from contacts.applying import channels, erasure, rules
from contacts.applying.activities import activity_rows
from contacts.applying.announcing import announce
from contacts.applying.consent_answers import (
    TextVersions,
    apply_consents,
    rival_answers,
    settled_answers,
)
from contacts.applying.facts import Facts
from contacts.applying.identities import Match
from contacts.applying.instants import iso
from contacts.applying.ledger import Erasure, Ledger, Merge, Revision
from contacts.applying.loyalty import loyalty_rows
from contacts.applying.merging import absorb, older_and_younger
from contacts.applying.outcome import Outcome
from contacts.applying.snapshot import Snapshot
from contacts.applying.states import CREATED, ContactState
from contacts.applying.writing import Writer
from contacts.contact_fields.definitions import Definitions, definitions_of

_BEGINNING: Final = -(2**63)
# How a revision tells of a beginning and an end, beside the fields.
_STATE: Final = "state"
_KNOWN: Final = "known"
_ERASED: Final = "deleted"
# Connectif's code for an event about a contact that is not there (*Custom error codes*).
_NOT_KNOWN: Final = (
    "E0501",
    "Contact does not exist, and the event was not to create one. Create it, then replay.",
)


class Batch:
    """Applies changes in memory; `write` and `announce` follow, unless it is a dry run."""

    def __init__(self, items: Sequence[ChangeItem], *, is_dry_run: bool) -> None:
        self._now = timezone.now().isoformat()
        self._is_dry_run = is_dry_run
        definitions = _definitions(items)
        self._facts = [Facts(item, definitions.get(item.site.pk, {})) for item in items]
        self._snapshot = Snapshot(self._facts, is_locked=not is_dry_run)
        self._ledger = Ledger()
        self._outcomes: list[Outcome] = []
        for facts in self._facts:
            self._outcomes.append(self._apply(facts))

    def write(self) -> None:
        Writer(self._snapshot.states.values(), self._ledger, self._now).write()

    def announce(self) -> None:
        announce(self._outcomes, self._ledger)

    @cached_property
    def _texts(self) -> TextVersions:
        return TextVersions(self._facts)

    def results(self) -> list[AppliedChange]:
        return [outcome.applied(is_dry_run=self._is_dry_run) for outcome in self._outcomes]

    def _apply(self, facts: Facts) -> Outcome:
        outcome = Outcome(facts)
        if not facts.keys:
            outcome.kind = ChangeKind.REJECTED
            return outcome
        match = self._snapshot.holders.match(facts)
        if match.held and (facts.item.named_by or facts.item.contact_id):
            facts.reject(CONFLICT, rules.conflict_reason(match.held))
            outcome.kind, outcome.held = ChangeKind.REJECTED, tuple(match.held)
            return outcome
        if facts.change.deletion is not None:
            self._delete(facts, outcome, match.subject)
        else:
            self._change(facts, outcome, match)
        return outcome

    def _change(self, facts: Facts, outcome: Outcome, match: Match) -> None:
        state = match.subject
        if state is None:
            if facts.change.only_known or facts.item.contact_id:
                facts.reject(*_NOT_KNOWN)
                outcome.kind = ChangeKind.REJECTED
                return
            state = self._snapshot.add_unknown(facts.site_id, self._now)
            outcome.existed = False
        state.changes = {}
        floor = erasure.deletion_floor(state)
        if floor is not None and not self._rises_above(floor, facts, outcome, state):
            return
        for name, other in match.joined:
            state = self._merge(facts, outcome, name, state, other)
        self._place_device(facts, state, match)
        if match.held:
            facts.notes.extend(rules.held_note(name) for name in match.held)
        self._apply_facts(facts, outcome, state, match)
        self._conclude(outcome, state)

    def _rises_above(self, floor: int, facts: Facts, outcome: Outcome, state: ContactState) -> bool:
        """Return whether a person once deleted is, by this change, known again or still."""
        outcome.state = state
        if facts.at <= floor or (state.is_deleted and not facts.change.revives):
            facts.notes.append(erasure.CONTACT_DELETED)
            return False
        if state.is_deleted:
            erasure.revive(state)
            outcome.existed = False
        return True

    def _apply_facts(
        self, facts: Facts, outcome: Outcome, state: ContactState, match: Match
    ) -> None:
        change, holders = facts.change, self._snapshot.holders
        floor = erasure.deletion_floor(state) or _BEGINNING
        self._attach_source_ids(facts, state, match.held)
        # What named the contact says nothing new about it: “whoever has this address”.
        rules.apply_identities(state, facts, {match.found_by, *match.held}, holders)
        if facts.values:
            rules.apply_fields(state, facts, holders)
        if facts.attributes:
            rules.apply_attributes(state, facts)
        if change.email_status is not None:
            cause = channels.cause_of(facts)
            rules.apply_email_status(state, facts, change.email_status, cause)
        if change.preferences:
            channels.apply_preferences(state, facts, floor)
        if change.consents:
            self._ledger.answers += apply_consents(state, facts, floor, self._texts, self._now)
        if change.email_list is not None:
            channels.apply_email_list(
                state,
                change.email_list,
                facts,
                is_counted=self._snapshot.was_counted(facts.source),
            )
        if change.revives:
            state.accepts_fact(CREATED, facts.at)
        if change.activities:
            outcome.activities = activity_rows(state, facts, floor, self._now)
            self._ledger.activities += outcome.activities
        if change.loyalty:
            self._ledger.loyalty += loyalty_rows(state, facts, floor)

    def _attach_source_ids(self, facts: Facts, state: ContactState, held: list[str]) -> None:
        holders = self._snapshot.holders
        for name, key in (("source_id", facts.contact_key), ("anonymous_id", facts.anonymous_key)):
            if key is not None and name not in held and holders.of(key) is None:
                holders.put(key, state)
                state.source_ids.add(key[1:])
                self._ledger.source_ids[key] = state

    def _place_device(self, facts: Facts, state: ContactState, match: Match) -> None:
        """Give the device to whom it is seen with, unless somebody else had it later."""
        key = facts.anonymous_key
        if key is None or len(facts.keys) == 1:
            return
        seen = f"anonymous_id.{key[1]}.{key[3]}"
        holder = self._snapshot.holders.of(key)
        if holder is None or holder is state:
            state.accepts_fact(seen, facts.at)
            return
        if facts.at < holder.fact_times.get(seen, facts.at):
            return
        if holder.fact_times.pop(seen, None) is not None:
            holder.has_new_times = True
        holder.source_ids.discard(key[1:])
        state.source_ids.add(key[1:])
        state.accepts_fact(seen, facts.at)
        self._snapshot.holders.put(key, state)
        self._ledger.move_id(key, state)
        match.held = [name for name in match.held if name != "anonymous_id"]
        facts.notes.append(rules.DEVICE_MOVED)

    def _merge(
        self, facts: Facts, outcome: Outcome, name: str, state: ContactState, other: ContactState
    ) -> ContactState:
        self._snapshot.load_all()
        other.changes = {}
        kept, absorbed = older_and_younger(state, other)
        rivals = rival_answers(kept, absorbed)
        taken = absorb(kept, absorbed, self._snapshot.holders)
        if rivals:
            self._ledger.answers += settled_answers(kept, rivals, facts, self._now)
        self._ledger.steps.append(Merge(kept, absorbed, name, taken, facts.source))
        outcome.absorbed.append(absorbed)
        return kept

    def _delete(self, facts: Facts, outcome: Outcome, state: ContactState | None) -> None:
        if state is None:
            self._bury(facts, outcome)
            return
        outcome.state = state
        self._attach_source_ids(facts, state, [])
        if state.is_deleted:
            erasure.note_repeated_deletion(state, facts)
            facts.notes.append(erasure.CONTACT_DELETED)
            return
        self._snapshot.load_all()
        if erasure.is_created_since(state, facts.at):
            self._ledger.erase(
                Erasure(state, len(self._outcomes), facts.source, until=iso(facts.at))
            )
            erasure.erase_older_facts(state, facts, self._snapshot.holders)
            facts.notes.append(erasure.CREATED_SINCE)
            outcome.is_reduced = True
            outcome.take_snapshot()
            return
        self._ledger.erase(Erasure(state, len(self._outcomes), facts.source))
        outcome.changes = erasure.erase(state, facts, self._snapshot.holders)
        outcome.kind = ChangeKind.DELETED
        outcome.take_snapshot()
        self._ledger.revisions.append(Revision(state, {_STATE: [_KNOWN, _ERASED]}, facts.source))

    def _bury(self, facts: Facts, outcome: Outcome) -> None:
        if facts.contact_key is None:
            facts.notes.append(erasure.NOT_KNOWN)
            return
        outcome.state = state = self._snapshot.add_unknown(facts.site_id, self._now)
        outcome.existed = False
        self._attach_source_ids(facts, state, [])
        erasure.bury(state, facts)
        outcome.kind = ChangeKind.TOMBSTONED
        self._ledger.revisions.append(Revision(state, {_STATE: [None, _ERASED]}, facts.source))

    def _conclude(self, outcome: Outcome, state: ContactState) -> None:
        outcome.state = state
        outcome.changes = changes = state.changes
        if not outcome.existed:
            outcome.kind = ChangeKind.CREATED
            before = _ERASED if erasure.deletion_floor(state) else None
            changes = {_STATE: [before, _KNOWN], **changes}
        elif changes or outcome.absorbed:
            outcome.kind = ChangeKind.CHANGED
        if changes:
            # Preferences and the like count as well: `updated_at` is about the whole person.
            state.changed_columns.add("updated_at")
            self._ledger.revisions.append(Revision(state, changes, outcome.facts.source))
        if not self._is_dry_run and (changes or outcome.absorbed):
            outcome.take_snapshot()


def _definitions(items: Sequence[ChangeItem]) -> dict[int, Definitions]:
    """Return the fields of every site with attributes in the batch; most batches have none."""
    site_ids = {item.site.pk for item in items if item.change.attributes}
    return definitions_of(site_ids) if site_ids else {}
