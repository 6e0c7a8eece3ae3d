"""The contacts that a batch may touch: loaded once, completed when a rare case needs more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from common.identifiers import new_row_hex
from contacts.applied_change import ChangeSource
from contacts.applying import loading
from contacts.applying.channels import SOFT
from contacts.applying.facts import CONTACT_ID, Facts
from contacts.applying.identities import Holders
from contacts.applying.states import IDENTITY_COLUMNS, ContactState
from contacts.models import ContactRevision

_LOADERS: Final[dict[str, Callable[[dict[str, ContactState]], None]]] = {
    "source_ids": loading.load_source_ids,
    "preferences": loading.load_preferences,
    "consents": loading.load_consents,
    "email_lists": loading.load_email_lists,
}


class Snapshot:
    """`states`: every contact that was loaded or made, by id; `holders`: who has which identity."""

    def __init__(self, facts_of_batch: Sequence[Facts], *, is_locked: bool) -> None:
        self.states: dict[str, ContactState] = {}
        self._counted: set[tuple[UUID, int | None]] = set()
        self._loaded: set[str] = set()
        # No method of this object: in a circle of the two, every contact would outlive its batch.
        self.holders = Holders(partial(_load_once, "source_ids", self.states, self._loaded))
        self._load_contacts(facts_of_batch, is_locked)
        changes = [facts.change for facts in facts_of_batch]
        if any(change.email_list for change in changes):
            self._load("email_lists")
            self._load("preferences")
        if any(change.preferences for change in changes):
            self._load("preferences")
        if any(change.consents for change in changes):
            self._load("consents")
        self._load_counted(facts_of_batch)

    def add_unknown(self, site_id: int, now: str) -> ContactState:
        """Return the state of a contact that is to be made."""
        state = ContactState.unknown(new_row_hex(), site_id, now)
        self.states[state.id] = state
        return state

    def load_all(self) -> None:
        """Make all that belongs to the contacts available; asks once."""
        for kind in _LOADERS:
            self._load(kind)

    def _load(self, kind: str) -> None:
        _load_once(kind, self.states, self._loaded)

    def was_counted(self, source: ChangeSource) -> bool:
        """Return whether this row of a received event was here before; from now on it was."""
        event = source.received_event_id
        if event is None:
            return False
        place = (event, source.position)
        was_counted = place in self._counted
        self._counted.add(place)
        return was_counted

    def _load_contacts(self, facts_of_batch: Sequence[Facts], is_locked: bool) -> None:
        source_keys: set[tuple[Any, ...]] = set()
        named: set[tuple[Any, ...]] = set()
        identities: dict[str, set[tuple[int, str]]] = {name: set() for name in IDENTITY_COLUMNS}
        for facts in facts_of_batch:
            for name, key in facts.keys:
                if name in ("source_id", "anonymous_id"):
                    source_keys.add(key)
                elif name == CONTACT_ID:
                    named.add(key)
                else:
                    identities[key[1]].add((key[0], key[2]))
        found = loading.source_id_holders(source_keys)
        ids = {*found.values(), *(key[2] for key in named)}
        self.states.update(loading.contact_states(ids, identities, is_locked=is_locked))
        for state in self.states.values():
            self.holders.put_identities(state)
        for key in named:
            state_named = self.states.get(key[2])
            if state_named is not None and state_named.site_id == key[0]:
                self.holders.put(key, state_named)
        for key, contact_id in found.items():
            # Gone when another process merged it since: the insert then fails and is tried again.
            if contact_id in self.states:
                self.holders.put(key, self.states[contact_id])

    def _load_counted(self, facts_of_batch: Sequence[Facts]) -> None:
        told = [
            (facts.source.received_event_id, facts.source.position)
            for facts in facts_of_batch
            if facts.change.email_list and facts.change.email_list.kind == SOFT
        ]
        events = {event for event, _ in told if event}
        positions = [position for _, position in told if position is not None]
        if events and positions:
            # A large event comes in many batches: each looks at its own rows of it only.
            revisions = ContactRevision.objects.filter(
                received_event_id__in=events, position__range=(min(positions), max(positions))
            )
            self._counted = {
                (event, position)
                for event, position, changes in revisions.values_list(
                    "received_event_id", "position", "changes"
                )
                if event and any(name.startswith("email_list.") for name in changes)
            }


def _load_once(kind: str, states: dict[str, ContactState], loaded: set[str]) -> None:
    if kind not in loaded:
        loaded.add(kind)
        _LOADERS[kind]({key: state for key, state in states.items() if not state.is_new})
