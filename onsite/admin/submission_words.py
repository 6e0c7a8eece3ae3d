"""Submissions in words: where each stands, who it was about, and why it ended as it did."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from common.masks import mask_identities
from onsite.models import Register, State, Submission

_TONES: Final = {
    State.RUNNING: Tone.BUSY,
    State.CONTINUED: Tone.GOOD,
    State.BLOCKED: Tone.BAD,
}


def state_chip(submission: Submission) -> SafeString:
    state = State(submission.state)
    return status_chip(state.label, _TONES[state], title=submission.code)


def known_words(submission: Submission) -> str:
    """Return whether the register knew the visitor, or nothing before it was asked."""
    if submission.is_known is None:
        return ""
    return "known" if submission.is_known else "new"


def why_words(submission: Submission) -> str:
    """Return the code and the reason without anybody's address: everyone on the site reads it."""
    return " ".join(filter(None, (submission.code, mask_identities(submission.reason))))


def summary_words(submission: Submission, *, explained: str) -> str:
    """Return the sentence on top of the page: what became of the visitor.

    `explained` stands below it: a reason that it names is not told twice.
    """
    if submission.state == State.RUNNING:
        if submission.lease_expires_at <= timezone.now():
            return "The process that worked on it is gone. It is ended as soon as somebody asks."
        return "It runs right now. Refresh in a moment."
    if submission.state == State.BLOCKED:
        reason = mask_identities(submission.reason)
        return "The visitor was stopped." + (f" {reason}" if reason not in explained else "")
    who = {True: "as somebody known", False: "as somebody new", None: "without a look-up"}
    tagged = f", tagged {submission.tag}" if submission.tag else ", without a tag"
    return f"The visitor went on {who[submission.is_known]}{tagged}."


def tag_reason(submission: Submission) -> str:
    """Return why the tag is what it is, or nothing before there is a decision."""
    if submission.is_known is None:
        return ""
    role = submission.get_role_display().lower()
    where = Register(submission.register).label
    if submission.tag.startswith("Converted"):
        return f"The {role} has a conversion, which outranks being new or known."
    if submission.is_known:
        return f"{where} knew the {role}."
    return f"{where} did not know the {role}."
