"""What `event` among the variables of a run is, for each kind of trigger. JSON, once stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from automation.models import Segment
from contacts.applied_change import Changes
from contacts.normalisation.values import json_storable
from onsite.models import Submission


def inbound_document(data: Any) -> dict[str, Any]:
    """Return the data of an event that came in; of a reception event, its values by field id."""
    numbers = _with_numbers(data)
    document = json_storable(numbers if isinstance(numbers, Mapping) else {"value": numbers})
    return document if isinstance(document, dict) else {}


def change_document(*, changes: Changes, is_new: bool, source_label: str) -> dict[str, Any]:
    """Return `{"kind", "source", "before": {field: value}, "after": {field: value}}`."""
    return {
        "kind": "created" if is_new else "changed",
        "source": source_label,
        "before": {name: before for name, (before, _) in changes.items()},
        "after": {name: after for name, (_, after) in changes.items()},
    }


def submission_document(submission: Submission) -> dict[str, Any]:
    return {
        "submissionId": str(submission.pk),
        "outcome": str(submission.state),
        "role": str(submission.role),
        "redeal": str(submission.tag),
        "isKnown": submission.is_known,
        "hasConverted": submission.conversion is not None,
        "register": str(submission.register),
        "code": submission.code,
    }


def move_document(segment: Segment, at: datetime) -> dict[str, Any]:
    return {"segmentId": str(segment.pk), "segmentName": segment.name, "at": at.isoformat()}


def schedule_document(due_at: datetime) -> dict[str, Any]:
    return {"at": due_at.isoformat()}


def _with_numbers(value: Any) -> Any:
    """Return the value with each Decimal as the number that it is, where JSON gives it back.

    Conditions compare numbers; a number of more digits than a reader of JSON keeps stays exact as
    text.
    """
    if isinstance(value, Mapping):
        return {key: _with_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_numbers(each) for each in value]
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 18:
        if value == value.to_integral_value():
            return int(value)
        nearest = float(value)
        return nearest if Decimal(repr(nearest)) == value else value
    return value
