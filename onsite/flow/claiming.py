"""Which submission runs, and which waits for another: settled by two constraints of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from common.identifiers import new_row_id
from integrations.models import GenericApi
from onsite.flow.leases import (
    LONGEST_LEASE,
    claim_again,
    interrupt,
    is_left_behind,
    later_got_through,
    lease_until,
    was_interrupted,
)
from onsite.flow.refusals import IdempotencyKeyReused, SubmissionInProgress
from onsite.models import State, Submission

_SHORTEST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Claim:
    """A submission that is ours to carry through, or an ended one whose answer serves as well."""

    submission: Submission
    is_ours: bool


def claim(draft: Submission, api: GenericApi | None) -> Claim:
    """Store the draft as running, or find the submission that stands for it.

    Waits while another of the same visitor runs, up to the longest lease; then raises
    SubmissionInProgress. Raises IdempotencyKeyReused when the key came with another body.
    """
    joined: UUID | None = None
    for _ in _moments():
        if joined is not None:
            running = Submission.objects.select_related("site").get(pk=joined)
            if _is_settled(running):
                return Claim(running, is_ours=False)
            if running.state == State.RUNNING and not is_left_behind(running):
                # Not tried by an insert: it may end in between, and its answer is this one's.
                continue
            joined = None
        same_key = under_same_key(draft)
        if same_key is not None:
            if found := _claim_same_key(same_key, lease_until(api)):
                return found
        elif _insert(draft, lease_until(api)):
            return Claim(draft, is_ours=True)
        joined = _wait_for(draft)
    raise SubmissionInProgress


def under_same_key(draft: Submission) -> Submission | None:
    """Return the submission that came under the draft's idempotency key before, with equal body."""
    if draft.idempotency_key is None:
        return None
    found = (
        Submission.objects.select_related("site")
        .filter(site_id=draft.site_id, idempotency_key=draft.idempotency_key)
        .first()
    )
    if found is not None and found.body_digest != draft.body_digest:
        raise IdempotencyKeyReused
    return found


def _is_settled(submission: Submission) -> bool:
    """Say whether it ended with an answer that somebody was meant to get."""
    return submission.state != State.RUNNING and not was_interrupted(submission)


def _claim_same_key(found: Submission, until: datetime) -> Claim | None:
    """Return the first one's answer, or its row when its process died; None while it runs."""
    if _is_settled(found):
        return Claim(found, is_ours=False)
    if found.state == State.RUNNING and not is_left_behind(found):
        return None
    if later_got_through(found):
        if found.state == State.RUNNING:
            interrupt(found)
        return Claim(found, is_ours=False)
    return Claim(found, is_ours=True) if claim_again(found, until=until) else None


def _insert(draft: Submission, until: datetime) -> bool:
    # Drawn here and not on arrival: ids are in the order in which a visitor's submissions run.
    draft.pk, draft.received_at, draft.lease_expires_at = new_row_id(), timezone.now(), until
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _wait_for(draft: Submission) -> UUID | None:
    """Return the running submission whose answer the draft may share; end one left behind."""
    running = Submission.objects.filter(
        site_id=draft.site_id, visitor_key=draft.visitor_key, state=State.RUNNING
    ).first()
    if running is None:
        return None
    if is_left_behind(running):
        interrupt(running)
        return None
    is_same = draft.idempotency_key is None and running.body_digest == draft.body_digest
    return running.pk if is_same else None


def _moments() -> Iterator[None]:
    """Yield at once, then after growing pauses, for as long as the longest lease."""
    ends_at = monotonic() + LONGEST_LEASE.total_seconds()
    pause = _SHORTEST_PAUSE
    while True:
        yield
        if monotonic() >= ends_at:
            return
        sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
