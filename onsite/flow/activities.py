from __future__ import annotations

from typing import Final

from integrations.contact_change import ActivityFact
from onsite.models import Submission

SUBMISSION: Final = "onsite_submission"
CONVERSION: Final = "onsite_conversion"


def activities_of(submission: Submission) -> tuple[ActivityFact, ...]:
    """Return what the contact did. Keyed by the submission: sent again, it is the same activity."""
    key = str(submission.pk)
    properties = {
        "submission": key,
        "role": submission.role,
        "redeal": submission.tag or None,
        "known": submission.is_known,
    }
    submitted = ActivityFact(
        type=SUBMISSION, key=key, occurred_at=submission.received_at, properties=properties
    )
    if submission.conversion is None:
        return (submitted,)
    converted = ActivityFact(
        type=CONVERSION,
        key=key,
        occurred_at=submission.received_at,
        properties={"submission": key, **submission.conversion},
    )
    return submitted, converted
