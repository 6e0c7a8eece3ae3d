"""Why a submission gets no answer of its own."""

from __future__ import annotations

from typing import Final

from common.endpoint.problems import FieldProblem

RETRY_AFTER_SECONDS: Final = 5


class InvalidSubmission(Exception):
    """The body is JSON and says what it may not say."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(f"{len(problems)} values cannot be taken")
        self.problems = problems


class SubmissionRefused(Exception):
    """Sent at a bad moment or under a bad key. The detail is a sentence for the sender."""

    status = 409
    code = ""
    detail = ""
    retry_after: int | None = None

    def __init__(self) -> None:
        super().__init__(self.detail)


class IdempotencyKeyReused(SubmissionRefused):
    code = "IDEMPOTENCY_KEY_REUSED"
    detail = "This Idempotency-Key came with another body before. Use a new key for a new request."


class SubmissionInProgress(SubmissionRefused):
    code = "SUBMISSION_IN_PROGRESS"
    detail = "Another submission of this visitor is still running. Send this one again later."
    retry_after = RETRY_AFTER_SECONDS


class TooManyAtOnce(SubmissionRefused):
    status = 503
    code = "BUSY"
    detail = (
        "Too many submissions wait for the retailer's API at this moment. Nothing was stored; "
        "send this one again later."
    )
    retry_after = RETRY_AFTER_SECONDS
