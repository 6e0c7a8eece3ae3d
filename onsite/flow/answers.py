"""What the site is told, kept with the submission: a repeat gets the same."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from common.endpoint.problems import problem_body
from onsite.flow.visitors import visitor_read, visitor_shown
from onsite.models import State, Submission

CONTINUE: Final = "continue"
BLOCKED: Final = "blocked"


def answer_of(submission: Submission) -> dict[str, Any]:
    """Return the answer that is kept, or what is left to say after the visitor was erased."""
    kept: dict[str, Any] = submission.answer
    if kept:
        return kept
    if submission.state == State.CONTINUED:
        return continued_answer(submission, shows_contact=False)
    return blocked_answer(submission)


def continued_answer(submission: Submission, *, shows_contact: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": str(submission.pk),
        "result": CONTINUE,
        "known": bool(submission.is_known),
        "redeal": submission.tag or None,
        "contact": visitor_shown(visitor_read(submission.known_contact)) if shows_contact else {},
    }
    if submission.notes:
        answer["notes"] = submission.notes
    return answer


def blocked_answer(submission: Submission) -> dict[str, Any]:
    problem = json.loads(problem_body(HTTPStatus.BAD_GATEWAY, submission.code, submission.reason))
    return {**problem, "id": str(submission.pk), "result": BLOCKED}
