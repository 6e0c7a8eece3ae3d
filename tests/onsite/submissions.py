"""Submissions as tests of their pages and of their upkeep need them: no flow has run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from common.identifiers import new_row_id, random_token
from onsite.models import Register, Role, State, Submission
from sites.models import Site
from tests.integrations.api_calls import aged_id


def submission(
    site: Site, state: State = State.CONTINUED, at: datetime | None = None, **fields: Any
) -> Submission:
    """Make a submission of Jane Doe; one that ended has the times and the status of its end."""
    received_at = at or timezone.now()
    values: dict[str, Any] = {
        "id": aged_id(at) if at else new_row_id(),
        "site": site,
        "received_at": received_at,
        "lease_expires_at": received_at + timedelta(minutes=2),
        "state": state,
        "register": Register.GENERIC_API,
        "sent_by": "Campaign site",
        "body_digest": random_token("", 64),
        "visitor_key": random_token("", 64),
        "role": Role.FRIEND,
        "visitor": {"email": "jane@example.com", "name": "Jane Doe", "phone": "+46701234567"},
    }
    if state != State.RUNNING:
        values["finished_at"] = received_at + timedelta(seconds=1)
        values["answer_status"] = 502 if state == State.BLOCKED else 200
    return Submission.objects.create(**(values | fields))
