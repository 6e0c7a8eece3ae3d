"""What the qcluster does for segments by the clock, and right after a rule changed."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from automation.models import Segment
from automation.segments.computing import segment_claim, segment_compute, segments_due
from automation.segments.telling import moves_tell, moves_tell_waiting

# No computation begins after this long, so that the last one ends within the task's minute and a
# half; the next run goes on.
_BEGIN_SECONDS: Final = 30.0


def compute_due_segments() -> int:
    """Compute what is due, longest waiting first, and tell of moves; return how many were."""
    ends_at = time.monotonic() + _BEGIN_SECONDS
    computed = 0
    for segment in segments_due(timezone.now()):
        if time.monotonic() > ends_at:
            return computed
        if segment_claim(segment):
            segment_compute(segment)
            computed += 1
    moves_tell_waiting(ends_at)
    return computed


def segment_compute_soon(segment: Segment) -> None:
    """Let the qcluster compute a segment once the transaction commits."""
    key = str(segment.pk)
    transaction.on_commit(
        lambda: async_task("automation.segments.schedule.compute_changed_segment", key)
    )


def compute_changed_segment(segment_id: str) -> None:
    """Compute a segment whose rule changed, unless the schedule was faster."""
    segment = Segment.objects.filter(pk=UUID(segment_id)).first()
    if segment is None or (
        segment.attempted_at is not None and segment.attempted_at > segment.rule_changed_at
    ):
        return
    if segment_claim(segment) and segment_compute(segment):
        moves_tell(segment, time.monotonic() + _BEGIN_SECONDS)
