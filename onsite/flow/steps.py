"""One run of a submission: look up, tag, write, and close it together with the contact's change."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Final

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from contacts.services import AppliedChange, ChangeKind
from integrations.models import Outcome, Purpose
from onsite.flow.activities import activities_of
from onsite.flow.answers import blocked_answer, continued_answer
from onsite.flow.causes import CONTACT_REJECTED, SWITCHED_OFF, SWITCHED_OFF_REASON
from onsite.flow.known_contact import beneath, compare
from onsite.flow.leases import LeaseLost, end_held, held, interrupt, save_held
from onsite.flow.registers import (
    OwnContacts,
    RetailersApi,
    StepResult,
    VisitorRegister,
    site_api,
    site_options,
)
from onsite.flow.tags import decide_tag
from onsite.flow.visitors import visitor_read, visitor_stored
from onsite.models import Register, Role, State, Submission
from onsite.people import apply, contact_change

_LABEL: Final = "Onsite"
_ATTEMPTS: Final = 3
_CLOSING: Final = (
    "state",
    "finished_at",
    "write_outcome",
    "code",
    "reason",
    "notes",
    "contact_id",
    "answer_status",
    "answer",
)


def carry_through(submission: Submission, *, purpose: Purpose) -> None:
    """Run a claimed submission to its end; it is ended afterwards, or belongs to somebody else.

    A tag that was decided in an earlier run is kept.
    """
    try:
        _run(submission, purpose)
    except LeaseLost:
        submission.refresh_from_db()
    except Exception:
        # Without this the visitor would have to wait until the lease ends.
        with suppress(DatabaseError):
            interrupt(submission)
        raise


def _run(submission: Submission, purpose: Purpose) -> None:
    register = _register_of(submission, purpose)
    if register is None:
        _close_blocked(submission, SWITCHED_OFF, SWITCHED_OFF_REASON)
        return
    visitor = visitor_read(submission.visitor)
    if submission.is_known is None:
        looked_up = register.lookup(visitor)
        _note_lookup(submission, looked_up)
        if not looked_up.continues:
            _close_blocked(submission, looked_up.code, looked_up.reason)
            return
    written = register.write(visitor, submission.tag)
    submission.write_outcome = written.outcome
    submission.notes = _together(submission.notes, written.notes)
    if written.continues:
        _close_continued(submission)
    else:
        _close_blocked(submission, written.code, written.reason)


def _register_of(submission: Submission, purpose: Purpose) -> VisitorRegister | None:
    """Return the register that the submission began with; None when it may not be asked now."""
    api = site_api(submission.site)
    if submission.register == Register.GENERIC_API:
        if api is None or not api.is_active:
            return None
        return RetailersApi(api, purpose, submission.pk)
    return OwnContacts(submission.site, site_options(api), submission.is_known)


def _note_lookup(submission: Submission, looked_up: StepResult) -> None:
    """Keep what the look-up said before anything is written: a later run goes on from here."""
    submission.lookup_outcome = looked_up.outcome
    submission.notes = _together(submission.notes, looked_up.notes)
    if looked_up.continues:
        known = looked_up.outcome == Outcome.FOUND
        tag = decide_tag(
            role=Role(submission.role),
            is_known=known,
            has_converted=submission.conversion is not None,
        )
        submission.is_known, submission.tag = known, tag or ""
        if looked_up.known_contact is not None:
            submission.known_contact = visitor_stored(looked_up.known_contact)
    save_held(submission, "lookup_outcome", "notes", "is_known", "tag", "known_contact")


def _close_blocked(submission: Submission, code: str, reason: str) -> None:
    _end_as_blocked(submission, code, reason)
    end_held(submission, *_CLOSING)


def _close_continued(submission: Submission) -> None:
    """Change the contact and end the submission in one transaction: both, or neither."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                _hold(submission)
                _apply_and_end(submission)
                end_held(submission, *_CLOSING)
            return
        except OperationalError:
            # A deadlock with others who change the same contact undid the whole transaction.
            if attempt == _ATTEMPTS or connection.in_atomic_block:
                raise


def _hold(submission: Submission) -> None:
    if not held(submission).select_for_update(of=("self",)).values_list("pk").first():
        raise LeaseLost


def _apply_and_end(submission: Submission) -> None:
    visitor, known = visitor_read(submission.visitor), visitor_read(submission.known_contact)
    said_by_visitor = visitor
    comparison = compare(visitor, known, submission.site.default_country)
    is_retailers = submission.register == Register.GENERIC_API
    notes: tuple[str, ...] = ()
    if is_retailers and comparison.differing:
        notes = (comparison.note,)
    elif is_retailers:
        visitor = beneath(visitor, known)
    options = site_options(site_api(submission.site))
    said = contact_change(
        visitor=said_by_visitor,
        options=options,
        tag=submission.tag,
        occurred_at=submission.received_at,
        activities=activities_of(submission),
    )
    change = contact_change(
        visitor=visitor,
        options=options,
        tag=submission.tag,
        occurred_at=submission.received_at,
        activities=said.activities,
    )
    applied = apply(
        site=submission.site,
        change=change,
        said=said,
        label=_LABEL,
        received_at=submission.received_at,
    )
    submission.contact_id = applied.contact_id
    submission.notes = _together(submission.notes, (*notes, *_notes_of(applied)))
    if applied.kind is ChangeKind.REJECTED and not is_retailers:
        submission.write_outcome = Outcome.ERROR
        _end_as_blocked(submission, CONTACT_REJECTED, applied.reason)
        return
    submission.state, submission.finished_at = State.CONTINUED, timezone.now()
    submission.code = submission.reason = ""
    submission.answer_status = HTTPStatus.OK
    submission.answer = continued_answer(submission, shows_contact=not comparison.is_other)


def _end_as_blocked(submission: Submission, code: str, reason: str) -> None:
    submission.state, submission.finished_at = State.BLOCKED, timezone.now()
    submission.code, submission.reason = code, reason
    submission.answer_status = HTTPStatus.BAD_GATEWAY
    submission.answer = blocked_answer(submission)


def _notes_of(applied: AppliedChange) -> tuple[str, ...]:
    if applied.kind is ChangeKind.REJECTED:
        return (f"{applied.cause}: {applied.reason}", *applied.notes)
    return applied.notes


def _together(earlier: list[str], later: tuple[str, ...]) -> list[str]:
    # A run that is repeated notes the same again.
    return list(dict.fromkeys((*earlier, *later)))
