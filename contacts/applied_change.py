"""What goes into the one door of contacts, and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from integrations.contact_change import ContactChange
from sites.models import Site

# The cause of a change that was rejected because of `AppliedChange.held`.
CONFLICT: Final = "CONTACT_CONFLICT"

# Field → [before, after]. Keys are those of `ContactRevision.changes`.
Changes = dict[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSource:
    """Who says it. Frozen, so that one object serves all rows of a received event.

    `key` scopes the sender's ids and activity keys and never changes: a source's public id.
    `label` is its name as staff know it; `actor_label` names a person when one acted.
    `received_at` (aware) stands in for the time of facts that carry none.
    """

    key: str
    label: str
    received_at: datetime
    actor_label: str = ""
    received_event_id: UUID | None = None
    position: int | None = None


@dataclass(slots=True, kw_only=True)
class ChangeItem:
    """One change for `contacts_apply_batch`.

    `named_by` is the identity (`email`, `external_id`) by which a caller names the contact it means
    to write: it decides alone, and the other identities are values to write. When one of those is
    somebody else's, the change is rejected and `held` of its result names them.

    `contact_id` is the contact itself, for callers that have it: no identity is asked who is meant.
    Those of the change are values to write, and rejected in the same way.
    """

    site: Site
    change: ContactChange
    source: ChangeSource
    named_by: str = ""
    contact_id: UUID | None = None


class ContactConflict(Exception):
    """Identities that a caller wants to write belong to contacts that are somebody else."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


class ChangeKind(StrEnum):
    """What a change did. The last two differ in whether the deleted person was known here."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    DELETED = "deleted"
    TOMBSTONED = "tombstoned"


@dataclass(slots=True, kw_only=True)
class AppliedChange:
    """What one change did to one contact.

    `unchanged` means understood, and the contact was so already or is newer. `deleted` erased a
    person; `tombstoned` noted the deletion of one who was not known. `rejected` comes with
    `contact_id` None, a stable `cause` and a sentence for staff: the row is to be set aside.
    `notes` tell of parts that were dropped, each as `CODE: sentence`. `activities` are the types of
    the activities recorded; an event that only records one is `changed` with empty `changes`.
    `absorbed_ids` are contacts that this change merged into `contact_id`. `held` are identities of
    somebody else, for which a change that names its contact was rejected.
    """

    kind: ChangeKind
    contact_id: UUID | None = None
    changes: Changes = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cause: str = ""
    reason: str = ""
    activities: tuple[str, ...] = ()
    absorbed_ids: tuple[UUID, ...] = ()
    held: tuple[str, ...] = ()
