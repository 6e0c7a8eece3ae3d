"""What the page of one submission shows: why it ended so, the run step by step, the visitor."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from common.admin.payload_text import PayloadText, payload_text
from common.masks import mask_identities
from contacts.models import Contact
from integrations.admin.call_page import settings_of
from integrations.admin.call_words import call_words, outcome_chip, took_words
from integrations.generic_api.verdicts import Verdict, verdict_of
from integrations.models import ApiCall, Operation, Outcome
from onsite.admin.submission_words import (
    known_words,
    state_chip,
    summary_words,
    tag_reason,
)
from onsite.admin.visitor_data import ENCRYPTED, stored, visitor_facts
from onsite.models import Register, State, Submission
from sites.admin.integration_sections import section_url

_MOST_CALLS: Final = 50
_MOST_OTHERS: Final = 20
_UNREAD: Final = ("url", "request_headers", "request_body", "response_headers", "response_body")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call of a step in a line."""

    call: ApiCall
    words: str
    chip: SafeString
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the run; `calls` are those it made in all runs, in order."""

    title: str
    at: datetime | None = None
    chip: SafeString | None = None
    sentence: str = ""
    calls: list[CallView] = field(default_factory=list)


def submission_context(
    submission: Submission, *, is_masked: bool, with_answer: bool
) -> dict[str, Any]:
    """Return all of the page but what may be done; `with_answer` is for who may look at bodies."""
    calls = _calls(submission)
    verdict = _verdict(submission, calls)
    held = {column: stored(submission, column) for column in ENCRYPTED}
    return {
        "submission": submission,
        "chip": state_chip(submission),
        "summary": summary_words(submission, explained=verdict.sentence if verdict else ""),
        "verdict": verdict,
        "uses_api": submission.register == Register.GENERIC_API,
        "settings_url": section_url(submission.site, "generic"),
        "steps": _steps(submission, calls),
        "notes": [mask_identities(note) for note in submission.notes],
        "is_masked": is_masked,
        "is_unreadable": None in held.values(),
        "visitor": visitor_facts(held["visitor"], is_masked=is_masked),
        "known_contact": visitor_facts(held["known_contact"], is_masked=is_masked),
        "answer": _answer(held["answer"], is_masked=is_masked) if with_answer else None,
        "has_contact": Contact.objects.filter(
            pk__in=[submission.contact_id], site_id=submission.site_id
        ).exists(),
        "others": [{"row": row, "chip": state_chip(row), "known": known_words(row)}
                   for row in _others(submission)],
    }  # fmt: skip


def _calls(submission: Submission) -> list[ApiCall]:
    calls: QuerySet[ApiCall] = ApiCall.objects.filter(
        submission_id=submission.pk, site_id=submission.site_id
    )
    return list(calls.defer(*_UNREAD).order_by("pk")[:_MOST_CALLS])


def _verdict(submission: Submission, calls: list[ApiCall]) -> Verdict | None:
    """Return what the call means that did not go well, and which setting would change that."""
    steps = (
        (Operation.WRITE, submission.write_outcome),
        (Operation.LOOKUP, submission.lookup_outcome),
    )
    for operation, outcome in steps:
        made = [call for call in calls if (call.operation, call.outcome) == (operation, outcome)]
        if made and _is_told_by(submission, operation, outcome):
            verdict = verdict_of(settings_of(submission.site), made[-1])
            return replace(verdict, sentence=mask_identities(verdict.sentence))
    return None


def _is_told_by(submission: Submission, operation: Operation, outcome: str) -> bool:
    """Say whether this step is why the submission stands as it does.

    An outcome may be of an earlier run: the code names the step that stopped the last one.
    """
    if submission.state == State.BLOCKED:
        return submission.code.startswith(f"{operation.value.upper()}_")
    return outcome == Outcome.IGNORED


def _steps(submission: Submission, calls: list[ApiCall]) -> list[Step]:
    steps = [
        Step(title="Received", at=submission.received_at, sentence=_received_words(submission)),
        _api_step(submission, calls, Operation.LOOKUP, "Looked up", submission.lookup_outcome),
    ]
    if why := tag_reason(submission):
        tag = submission.tag or "No tag: there is none for a signup whom the register knew"
        steps.append(Step(title="Tag decided", sentence=f"{tag}. {why}"))
    steps.append(
        _api_step(
            submission, calls, Operation.WRITE, "Created or updated", submission.write_outcome
        )
    )
    if submission.finished_at is not None:
        steps.append(
            Step(
                title="Answered",
                at=submission.finished_at,
                sentence=f"The site was answered with {submission.answer_status}.",
            )
        )
    return steps


def _received_words(submission: Submission) -> str:
    conversion = "" if submission.conversion is None else ", with a conversion"
    return f"{submission.get_role_display()}{conversion}, sent by {submission.sent_by}."


def _api_step(
    submission: Submission, calls: list[ApiCall], operation: Operation, title: str, outcome: str
) -> Step:
    return Step(
        title=title,
        chip=outcome_chip(outcome) if outcome else None,
        sentence=f"{Register(submission.register).label}."
        if outcome
        else "It did not come to this.",
        calls=[
            CallView(
                call=call,
                words=call_words(call),
                chip=outcome_chip(call.outcome),
                took=took_words(call),
            )
            for call in calls
            if call.operation == operation
        ],
    )


def _answer(answer: dict[str, Any] | None, *, is_masked: bool) -> PayloadText | None:
    if not answer:
        return None
    text = json.dumps(answer, ensure_ascii=False)
    # What a campaign collects says something of the visitor, whatever it is called.
    return payload_text(text.encode(), is_masked=is_masked, personal_names=("options",))


def _others(submission: Submission) -> QuerySet[Submission]:
    """Return the newest other submissions of the same visitor."""
    same = Submission.objects.filter(site_id=submission.site_id, visitor_key=submission.visitor_key)
    unread = same.exclude(pk=submission.pk).defer(*ENCRYPTED, "conversion", "notes")
    others: QuerySet[Submission] = unread
    return others.order_by("-pk")[:_MOST_OTHERS]
