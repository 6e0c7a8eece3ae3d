"""What a submission holds of its visitor, read so that a lost encryption key closes no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from common.encryption import DecryptionFailed
from common.masks import MASK
from onsite.models import Submission

ENCRYPTED: Final = ("visitor", "known_contact", "answer")
# By the names under which they are stored, in the order in which they are shown.
_LABELS: Final = {
    "email": "E-mail",
    "phone": "Phone",
    "name": "Name",
    "personal_identity": "Personal identity number",
}


def stored(submission: Submission, column: str) -> dict[str, Any] | None:
    """Return what an encrypted column holds, or None when the key to it is lost."""
    try:
        held: dict[str, Any] = getattr(submission, column)
    except DecryptionFailed:
        return None
    return held


def visitors_of(submissions: Sequence[Submission]) -> dict[UUID, dict[str, Any] | None]:
    """Return the visitors of a page of rows whose `visitor` was not read with them."""
    keys = [submission.pk for submission in submissions]
    # A JSON object to Python; the type of the column, by which stubs go, is text.
    pairs: Any = Submission.objects.filter(pk__in=keys).values_list("pk", "visitor")
    try:
        return dict(pairs)
    except DecryptionFailed:
        return {submission.pk: stored(submission, "visitor") for submission in submissions}


def visitor_name(visitor: Mapping[str, Any] | None) -> str:
    """Return what staff call a visitor: the first of their identities, or their name."""
    if visitor is None:
        return "Unreadable"
    return next((str(visitor[key]) for key in _LABELS if visitor.get(key)), "Erased")


def visitor_facts(visitor: Mapping[str, Any] | None, *, is_masked: bool) -> list[tuple[str, str]]:
    """Return everything that was given, label and value."""
    given = visitor or {}
    facts = [(label, given[key]) for key, label in _LABELS.items() if given.get(key)]
    facts += sorted(given.get("options", {}).items())
    return [(label, MASK if is_masked else _value_words(value)) for label, value in facts]


def _value_words(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)
