"""Whose contact a change is about, and when two contacts are one person.

Identities rank: the sender's own id, external id, personal identity number, e-mail, phone, and last
the id of an anonymous visitor, which names a device rather than a person. The strongest identity
that finds a contact decides. A weaker one that finds another contact joins the two, unless
something strong says that they are two people; it then stays with its present holder. A device
goes over to whom it was last seen with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from contacts.applying.facts import Facts
from contacts.applying.states import DELETED, IDENTITY_COLUMNS, ContactState

_RANKS: Final = {
    "source_id": 0,
    "external_id": 1,
    "personal_identity_number": 2,
    "email": 3,
    "phone": 4,
    "anonymous_id": 5,
}


@dataclass(slots=True)
class Match:
    """The contact a change is about, if known, and others that its identities found.

    `found_by` is the identity that decided. `joined` are other names of the same person; `held` are
    identities of somebody else.
    """

    subject: ContactState | None = None
    found_by: str = ""
    joined: list[tuple[str, ContactState]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


class Holders:
    """Who holds which identity, as far as the batch is concerned.

    `load_source_ids` is called once, before the first question that needs the senders' ids of
    contacts: most batches never ask.
    """

    __slots__ = ("_by_key", "_load_source_ids")

    def __init__(self, load_source_ids: Callable[[], None]) -> None:
        self._by_key: dict[tuple[Any, ...], ContactState] = {}
        self._load_source_ids: Callable[[], None] | None = load_source_ids

    def put(self, key: tuple[Any, ...], state: ContactState) -> None:
        self._by_key[key] = state

    def of(self, key: tuple[Any, ...]) -> ContactState | None:
        """Return the holder, as it is after the merges of this batch."""
        state = self._by_key.get(key)
        return state.final() if state is not None else None

    def put_identities(self, state: ContactState) -> None:
        for column in IDENTITY_COLUMNS:
            value = state.values[column]
            if value is not None:
                self._by_key[state.site_id, column, value] = state

    def drop_identities(self, state: ContactState) -> None:
        for column in IDENTITY_COLUMNS:
            self._by_key.pop((state.site_id, column, state.values[column]), None)

    def drop(self, site_id: int, column: str, value: Any) -> None:
        self._by_key.pop((site_id, column, value), None)

    def match(self, facts: Facts) -> Match:
        if facts.item.contact_id:
            return self._match_contact(facts)
        if facts.item.named_by:
            return self._match_named(facts, facts.item.named_by)
        found = [(name, state) for name, key in facts.keys if (state := self.of(key)) is not None]
        match = Match()
        for name, state in found:
            if state.is_deleted:
                if match.subject is None and _is_about_erased(facts, name, state):
                    match.subject, match.found_by = state, name
            elif match.subject is None:
                if self._contradicts(facts, name, state):
                    match.held.append(name)
                else:
                    match.subject, match.found_by = state, name
            elif state is not match.subject and all(state is not each for _, each in match.joined):
                self._sort_in(match, facts, name, state)
        return match

    def _match_contact(self, facts: Facts) -> Match:
        """Return the contact that a caller has in hand; other identities are values to write."""
        (name, own_key), *others = facts.keys
        match = Match(subject=self.of(own_key), found_by=name)
        for other_name, key in others:
            holder = self.of(key)
            if holder is not None and holder is not match.subject:
                match.held.append(other_name)
        return match

    def _match_named(self, facts: Facts, named_by: str) -> Match:
        """Return whom a caller means who names a contact by one identity and writes the others.

        A holder of those others is joined, or meant in the first place, when nothing known of it
        differs from what is written and from the contact that was named.
        """
        match = Match()
        for name, key in sorted(facts.keys, key=lambda pair: pair[0] != named_by):
            state = self.of(key)
            known = [each for each in (match.subject, *(one for _, one in match.joined)) if each]
            if state is None or any(state is each for each in known):
                continue
            if name == named_by:
                match.subject, match.found_by = state, name
            elif _differs(facts, state) or any(_differs(each, state) for each in known):
                match.held.append(name)
            elif match.subject is None:
                match.subject, match.found_by = state, name
            else:
                match.joined.append((name, state))
        return match

    def _sort_in(self, match: Match, facts: Facts, name: str, other: ContactState) -> None:
        """Decide whether a weaker identity's contact is the same person as all found before it."""
        known = [state for state in (match.subject, *(each for _, each in match.joined)) if state]
        if self._contradicts(facts, name, other) or any(
            self._are_two(facts, state, other) for state in known
        ):
            match.held.append(name)
        else:
            match.joined.append((name, other))

    def _contradicts(self, facts: Facts, name: str, state: ContactState) -> bool:
        """Return whether an identity stronger than `name` says that this is somebody else.

        A phone may be a family's and an e-mail reused: next to a differing stronger identity they
        prove nothing.
        """
        rank = _RANKS[name]
        values = state.values
        pairs = (
            (facts.external_id, values["external_id"]),
            (facts.personal_identity_hash, values["personal_identity_hash"]),
            (facts.email, values["email"]),
            (facts.phone, values["phone"]),
        )
        # Rank 1 has nothing but the sender's id above it, rank 2 one pair, and so on.
        if any(given and known and given != known for given, known in pairs[: max(rank - 1, 0)]):
            return True
        key = facts.contact_key
        if rank == 0 or key is None or self.of(key) is state:
            return False
        return bool(self._contact_ids(state).get(key[1], set()) - {key[3]})

    def _are_two(self, facts: Facts, one: ContactState, other: ContactState) -> bool:
        for column in ("external_id", "personal_identity_hash"):
            first, second = one.values[column], other.values[column]
            if first and second and first != second:
                return True
        if self._emails_differ_for_good(facts, one, other):
            return True
        ids, others = self._contact_ids(one), self._contact_ids(other)
        return any(ids[source] != others[source] for source in ids.keys() & others.keys())

    @staticmethod
    def _emails_differ_for_good(facts: Facts, one: ContactState, other: ContactState) -> bool:
        """Return whether two addresses remain two after this change set one of its own."""
        first, second = one.values["email"], other.values["email"]
        if not first or not second or first == second:
            return False
        return not facts.email or any(
            state.values["email"] != facts.email and facts.at < state.fact_times.get("email", 0)
            for state in (one, other)
        )

    def _contact_ids(self, state: ContactState) -> dict[str, set[str]]:
        if self._load_source_ids is not None:
            load, self._load_source_ids = self._load_source_ids, None
            load()
        return state.contact_ids_by_source()


def _is_about_erased(facts: Facts, name: str, state: ContactState) -> bool:
    """Return whether a change that finds an erased person is about that person.

    Their device may have a new user, whom another identity names; not before they were erased, when
    it was theirs.
    """
    if name == "source_id" or len(facts.keys) == 1:
        return True
    return name == "anonymous_id" and facts.at <= state.fact_times.get(DELETED, facts.at - 1)


def _differs(one: Facts | ContactState, state: ContactState) -> bool:
    """Return whether an identity that nobody shares is known of both, and is not the same."""
    values = one.values if isinstance(one, ContactState) else _given(one)
    known = state.values
    return any(
        values[name] and known[name] and values[name] != known[name]
        for name in ("external_id", "personal_identity_hash", "email")
    )


def _given(facts: Facts) -> dict[str, Any]:
    return {
        "external_id": facts.external_id,
        "personal_identity_hash": facts.personal_identity_hash,
        "email": facts.email,
    }
