"""The one door through which contacts change."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction

from contacts.applied_change import (
    AppliedChange,
    ChangeItem,
    ChangeKind,
    ChangeSource,
    ContactConflict,
)
from contacts.applying.batch import Batch
from integrations.contact_change import ContactChange
from sites.models import Site

__all__ = [
    "AppliedChange",
    "ChangeItem",
    "ChangeKind",
    "ChangeSource",
    "ContactConflict",
    "contact_apply",
    "contact_preview",
    "contacts_apply_batch",
    "contacts_preview_batch",
]

_ATTEMPTS = 5


def contact_apply(
    *,
    site: Site,
    change: ContactChange,
    source: ChangeSource,
    named_by: str = "",
    contact_id: UUID | None = None,
) -> AppliedChange:
    """Apply one change in a transaction of its own, or in a savepoint of the caller's.

    With `named_by` or `contact_id` (see `ChangeItem`) an identity that somebody else has is not
    left out with a note: nothing is written, and `ContactConflict` is raised.

    Two processes may meet the same new person at the same time: the loser of that race starts
    again and finds the winner's contact.
    """
    item = ChangeItem(
        site=site, change=change, source=source, named_by=named_by, contact_id=contact_id
    )
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            applied = contacts_apply_batch([item])[0]
            if applied.held:
                raise ContactConflict(applied.held)
            return applied
        except IntegrityError:
            if attempt == _ATTEMPTS:
                raise
        except OperationalError:
            # A deadlock undoes the caller's whole transaction: only the caller can start it again.
            if attempt == _ATTEMPTS or connection.in_atomic_block:
                raise
    raise AssertionError("unreachable")


def contacts_apply_batch(items: Sequence[ChangeItem]) -> list[AppliedChange]:
    """Apply changes in order, of any sites, in a handful of statements; all or none.

    Results come in the order of the items. Raises `IntegrityError` when another process claimed an
    identity meanwhile and `OperationalError` on a deadlock: the caller then retries, one by one.
    """
    if not items:
        return []
    with transaction.atomic():
        batch = Batch(items, is_dry_run=False)
        batch.write()
        batch.announce()
    return batch.results()


def contact_preview(*, site: Site, change: ContactChange, source: ChangeSource) -> AppliedChange:
    """Return what `contact_apply` would do now; nothing is saved, locked or announced."""
    return contacts_preview_batch([ChangeItem(site=site, change=change, source=source)])[0]


def contacts_preview_batch(items: Sequence[ChangeItem]) -> list[AppliedChange]:
    """Return what `contacts_apply_batch` would do now, each change on top of those before it."""
    return Batch(items, is_dry_run=True).results() if items else []
