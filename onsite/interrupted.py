"""Submissions whose process died and whom nobody met since; ended by the clock."""

from __future__ import annotations

import logging

from django.utils import timezone

from common.sql_constant import SqlConstant
from onsite.flow.leases import interrupt
from onsite.models import State, Submission

logger = logging.getLogger(__name__)


def end_interrupted_submissions() -> int:
    """End what still says that it runs although its lease is over; return how many."""
    left_behind = Submission.objects.filter(
        state=SqlConstant(State.RUNNING.value), lease_expires_at__lt=timezone.now()
    )
    ended = sum(map(interrupt, left_behind.iterator(chunk_size=500)))
    if ended:
        logger.warning("%d submissions were interrupted", ended)
    return ended
