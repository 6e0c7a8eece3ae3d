"""Tells the layers above what a batch did, once it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from contacts.applied_change import ChangeKind
from contacts.applying.instants import instant
from contacts.applying.ledger import Ledger
from contacts.applying.outcome import Outcome
from contacts.applying.states import ContactState
from contacts.loyalty.happenings import tell
from contacts.models import Contact
from contacts.signals import (
    ContactChanged,
    ContactChanges,
    contact_erased,
    contacts_changed,
    contacts_merged,
)


def announce(outcomes: Sequence[Outcome], ledger: Ledger) -> None:
    """Send the signals of a batch, and remove absorbed contacts in between.

    References to them are moved by receivers of `contacts_merged`; what nobody moved, the models'
    own rules for deletion decide.
    """
    # A contact that was made and absorbed within the batch was never seen by anybody.
    merges = [merge for merge in ledger.merges if not merge.absorbed.is_new]
    for merge in merges:
        contacts_merged.send(
            sender=Contact,
            site_id=merge.kept.site_id,
            kept_id=UUID(hex=merge.kept.final().id),
            absorbed_id=UUID(hex=merge.absorbed.id),
        )
    if merges:
        Contact.objects.filter(pk__in=[merge.absorbed.id for merge in merges]).delete()
    for erasure in ledger.erasures:
        state = erasure.state.final()
        contact_erased.send(
            sender=Contact,
            site_id=state.site_id,
            contact_id=UUID(hex=state.id),
            identity=erasure.identity,
            earlier_names=frozenset(erasure.earlier_names),
        )
    if ledger.happenings:
        gone = {UUID(hex=each.state.final().id) for each in ledger.erasures if each.until is None}
        tell([each for each in ledger.happenings if each.contact_id not in gone])
    site_ids = frozenset([each.facts.site_id for each in outcomes if each.snapshot is not None])
    if site_ids:
        changes = ContactChanges(site_ids, lambda: _changes(outcomes, ledger))
        contacts_changed.send(sender=Contact, changes=changes)


def _changes(outcomes: Sequence[Outcome], ledger: Ledger) -> Iterator[ContactChanged]:
    """Yield what there is to tell, without what the batch itself erased again."""
    erased = {erasure.state.final(): erasure.position for erasure in ledger.erasures}
    for position, outcome in enumerate(outcomes):
        state = outcome.state
        if state is None or outcome.snapshot is None:
            continue
        final = state.final()
        is_gone = final is not state or outcome.kind is ChangeKind.DELETED
        was_never_seen = state.is_new and is_gone
        if not was_never_seen and position >= erased.get(final, 0):
            yield _told(outcome, state, final)


def _told(outcome: Outcome, state: ContactState, final: ContactState) -> ContactChanged:
    assert outcome.snapshot is not None
    facts = outcome.facts
    contact_id = UUID(hex=state.id)
    return ContactChanged(
        site_id=facts.site_id,
        contact_id=contact_id,
        kept_id=contact_id if final is state else UUID(hex=final.id),
        kind=ChangeKind.CHANGED if outcome.is_reduced else outcome.kind,
        changes=outcome.changes,
        existed_before=outcome.existed,
        source=facts.source,
        occurred_at=instant(facts.at),
        snapshot=outcome.snapshot,
        absorbed_ids=tuple(UUID(hex=each.id) for each in outcome.absorbed if not each.is_new),
        is_reduced=outcome.is_reduced,
    )
