"""Who works on a submission, and until when.

The lease is the claim: every write of the one who works names the lease it began with. A process
that was taken for dead finds its lease gone and leaves the row to its successor.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.models import GenericApi, Outcome
from onsite.flow.answers import blocked_answer
from onsite.flow.causes import INTERRUPTED, INTERRUPTED_REASON
from onsite.models import State, Submission
from onsite.signals import submission_finished

# Beside the two calls: the database, which on SQLite may make a writer wait.
_MARGIN: Final = timedelta(seconds=30)
# A Generic API takes up to 30 s for each call: no lease is longer.
LONGEST_LEASE: Final = timedelta(seconds=90)


# What the register took. An ignored error code means that it did not.
GOT_THROUGH: Final = Q(state=State.CONTINUED, write_outcome__in=(Outcome.CREATED, Outcome.UPDATED))


class LeaseLost(Exception):
    """Somebody else ended this run or took it over: nothing more may be written by it."""


def lease_until(api: GenericApi | None) -> datetime:
    calls = timedelta(seconds=2 * api.total_seconds) if api is not None else timedelta()
    return timezone.now() + min(calls + _MARGIN, LONGEST_LEASE)


def held(submission: Submission) -> QuerySet[Submission]:
    """Return the row, for as long as the lease in hand is the one that is stored."""
    return Submission.objects.filter(
        pk=submission.pk, state=State.RUNNING, lease_expires_at=submission.lease_expires_at
    )


def save_held(submission: Submission, *fields: str) -> None:
    """Write fields of a submission that is being worked on; raises LeaseLost."""
    if not held(submission).update(**{name: getattr(submission, name) for name in fields}):
        raise LeaseLost


def end_held(submission: Submission, *fields: str) -> None:
    """Write the end of a run and tell of it, both or neither; raises LeaseLost."""
    with transaction.atomic():
        save_held(submission, *fields)
        submission_finished.send(sender=Submission, submission=submission)


def claim_again(submission: Submission, *, until: datetime) -> bool:
    """Begin another run of the row as it was read; False when it changed or the visitor is busy."""
    seen = Submission.objects.filter(
        pk=submission.pk,
        state=submission.state,
        sent=submission.sent,
        lease_expires_at=submission.lease_expires_at,
    )
    try:
        with transaction.atomic():
            claimed = seen.update(
                state=State.RUNNING, lease_expires_at=until, sent=F("sent") + 1, code="", reason=""
            )
    except IntegrityError:
        return False
    if claimed:
        submission.refresh_from_db()
    return bool(claimed)


def interrupt(submission: Submission) -> bool:
    """End a run that its process left behind; False when it ended by itself meanwhile."""
    submission.state, submission.finished_at = State.BLOCKED, timezone.now()
    submission.code, submission.reason = INTERRUPTED, INTERRUPTED_REASON
    submission.answer_status = HTTPStatus.BAD_GATEWAY
    submission.answer = blocked_answer(submission)
    try:
        end_held(submission, "state", "finished_at", "code", "reason", "answer_status", "answer")
    except LeaseLost:
        return False
    return True


def is_left_behind(submission: Submission) -> bool:
    return submission.state == State.RUNNING and submission.lease_expires_at < timezone.now()


def was_interrupted(submission: Submission) -> bool:
    return submission.state == State.BLOCKED and submission.code == INTERRUPTED


def later_got_through(submission: Submission) -> bool:
    """Say whether a newer submission of the same visitor reached the register.

    Sending the older one after it would overwrite a newer fact.
    """
    return Submission.objects.filter(
        GOT_THROUGH,
        site_id=submission.site_id,
        visitor_key=submission.visitor_key,
        pk__gt=submission.pk,
    ).exists()
