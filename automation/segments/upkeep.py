"""What happens to members when contacts go, and how long moves stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from automation.models import SegmentMove
from automation.segments.members import follow_merge, forget_contact
from common.retention import Retained, remove_older
from contacts.signals import contact_erased, contacts_merged


def remove_moves(before: datetime) -> Iterator[int]:
    """Remove what was told; what was not yet is still to be told."""
    return remove_older(SegmentMove.objects.filter(told_at__isnull=False), before)


RETAINED: Final = (
    Retained(name="segment_moves", setting="RETENTION_SEGMENT_MOVE_DAYS", remove=remove_moves),
)


def _erased(*, contact_id: UUID, **_: Any) -> None:
    forget_contact(contact_id)


def _merged(*, kept_id: UUID, absorbed_id: UUID, **_: Any) -> None:
    follow_merge(kept_id=kept_id, absorbed_id=absorbed_id)


def connect_segments() -> None:
    contact_erased.connect(_erased, dispatch_uid="automation.segments.erased")
    contacts_merged.connect(_merged, dispatch_uid="automation.segments.merged")
