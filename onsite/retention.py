"""How long submissions stay. One that runs is never removed, whatever its age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from common.retention import Retained, remove_older
from onsite.models import State, Submission


def remove_submissions(before: datetime) -> Iterator[int]:
    return remove_older(Submission.objects.exclude(state=State.RUNNING), before)


RETAINED: Final = (
    Retained(name="submissions", setting="RETENTION_SUBMISSION_DAYS", remove=remove_submissions),
)
