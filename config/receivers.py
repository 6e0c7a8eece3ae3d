"""Connects what Onsite did: it becomes events of webhooks, its sibling, and sets off workflows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from automation.workflows.causes import begin_on_submission
from contacts.models import Contact
from onsite.models import State, Submission
from onsite.signals import submission_finished
from webhooks.outbound.event_types.onsite_events import BLOCKED, CONTINUED
from webhooks.outbound.publishing import NewEvent, audience_of, events_publish


def publish_submission(*, submission: Submission, **_: Any) -> None:
    """Publish the end of a run. Who the visitor is stands in the contact, once there is one."""
    if not audience_of(submission.site_id):
        return
    contact_id = submission.contact_id
    payload: dict[str, Any] = {
        "submissionId": submission.pk,
        "contactId": contact_id,
        "role": str(submission.role),
        "redeal": str(submission.tag),
        "isKnown": submission.is_known,
        "hasConverted": submission.conversion is not None,
        "register": str(submission.register),
        "lookup": str(submission.lookup_outcome),
        "write": str(submission.write_outcome),
        "receivedAt": submission.received_at,
        "finishedAt": submission.finished_at,
    }
    is_blocked = submission.state == State.BLOCKED
    if is_blocked:
        payload |= {"code": submission.code, "reason": submission.reason}
    events_publish(
        [
            NewEvent(
                site_id=submission.site_id,
                type=BLOCKED if is_blocked else CONTINUED,
                payload=payload,
                occurred_at=submission.finished_at or submission.received_at,
                contact_id=contact_id,
                subject=_subject(contact_id),
                order_key=contact_id.hex if contact_id else "",
            )
        ]
    )


def _subject(contact_id: UUID | None) -> dict[str, str]:
    """Return the contact's names; without a contact nobody could erase them again."""
    if contact_id is None:
        return {}
    rows = Contact.objects.filter(pk=contact_id).values("email", "phone", "external_id")
    return {name: str(value) for name, value in (rows.first() or {}).items() if value}


def connect_receivers() -> None:
    submission_finished.connect(publish_submission, dispatch_uid="config.onsite_events")
    submission_finished.connect(begin_on_submission, dispatch_uid="config.onsite_workflows")
