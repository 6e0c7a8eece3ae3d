"""What contacts tell the layers above; received in `webhooks/receivers.py` and `webhooks/causes/`.

All are sent inside the transaction that writes the change, after it was written. A receiver that
raises undoes the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.dispatch import Signal

from contacts.applied_change import ChangeKind, Changes, ChangeSource
from contacts.models import PointAccount, PointTransaction, PromotionAssignment, RewardVoucher

# Contacts were created, changed or deleted by one batch. Keyword argument: `changes`
# (`ContactChanges`), in the order in which they came to be.
contacts_changed: Final = Signal()

# Two contacts turned out to be one person: `site_id`, `kept_id`, `absorbed_id`. The row of the
# absorbed contact still exists while receivers run, so that references can be moved.
contacts_merged: Final = Signal()

# A person's data was erased: `site_id`, `contact_id`, `identity` (Identity), who it was, and
# `earlier_names`, e-mail addresses, phone numbers and external ids that the contact had before.
# None of it is stored any more. Whoever keeps copies empties them.
contact_erased: Final = Signal()

# Points, vouchers or promotions changed here: `happenings` (sequence of `LoyaltyHappening`), in
# their order. Not sent for what a source told: that goes out as it came in.
loyalty_happened: Final = Signal()


@dataclass(slots=True, kw_only=True)
class ContactSnapshot:
    """A contact as it was right after a change, by columns of the model.

    `consents` holds the rows of those that the change set, by id: `value`, `changed_at`,
    `comment`, `source_label`. The rest of what hangs on a contact is not here: most changes never
    load it.
    """

    created_text: str
    values: Mapping[str, Any]
    attributes: Mapping[str, Any]
    consents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def created_at(self) -> datetime:
        created_at = datetime.fromisoformat(self.created_text)
        # SQLite stores UTC without saying so.
        return created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class ContactChanged:
    """What one change did to one contact; `changes` is field → [before, after].

    `contact_id` is the contact as it was known then. `kept_id` is the same, unless it became one
    with another later in the batch: then only `kept_id` still has a row. `absorbed_ids` became one
    with this contact by the change. With `is_reduced` older facts were erased, without a delta.
    """

    site_id: int
    contact_id: UUID
    kept_id: UUID
    kind: ChangeKind
    changes: Changes
    existed_before: bool
    source: ChangeSource
    occurred_at: datetime
    snapshot: ContactSnapshot
    absorbed_ids: tuple[UUID, ...] = ()
    is_reduced: bool = False


@dataclass(frozen=True)
class ContactChanges:
    """The changes of a batch. They are put together when somebody asks; most batches nobody does.

    `site_ids` are the sites that they are about, at least.
    """

    site_ids: frozenset[int]
    read: Callable[[], Iterator[ContactChanged]] = field(repr=False)

    def __iter__(self) -> Iterator[ContactChanged]:
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[ContactChanged, ...]:
        return tuple(self.read())


class LoyaltyKind(StrEnum):
    """What happened; it says of which model `row` of a `LoyaltyHappening` is.

    `POINTS`: a PointTransaction that was awarded. `BALANCE`: a PointAccount with a new balance.
    `VOUCHER`: a new RewardVoucher. `PROMOTION`: a new PromotionAssignment.
    """

    POINTS = "points"
    BALANCE = "balance"
    VOUCHER = "voucher"
    PROMOTION = "promotion"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyHappening:
    """Something that happened to a contact's points, vouchers or promotions.

    `row` is as it was written, with what it belongs to at hand: the definition of an account, the
    promotion of an assignment.
    """

    kind: LoyaltyKind
    site_id: int
    contact_id: UUID
    row: PointTransaction | PointAccount | RewardVoucher | PromotionAssignment
    source: ChangeSource
