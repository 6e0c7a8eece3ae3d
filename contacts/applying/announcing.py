"""Tells the layers above what a batch did, once it is written."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contacts.applied_change import ChangeKind
from contacts.applying.ledger import Ledger
from contacts.applying.outcome import Outcome
from contacts.models import Contact
from contacts.signals import contact_changed, contact_erased, contacts_merged

_TOLD = (ChangeKind.CREATED, ChangeKind.DELETED)


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
        )
    for outcome in outcomes:
        if (outcome.changes or outcome.kind in _TOLD) and outcome.state is not None:
            contact_changed.send(
                sender=Contact,
                site_id=outcome.facts.site_id,
                contact_id=outcome.contact_id(),
                kind=outcome.kind,
                changes=outcome.changes,
                existed_before=outcome.existed,
                source=outcome.facts.source,
            )
