"""The service behind the submissions endpoint."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from integrations.models import Purpose
from onsite.flow.capacity import waiting_slot
from onsite.flow.claiming import claim, under_same_key
from onsite.flow.fingerprints import body_digest, visitor_key
from onsite.flow.leases import was_interrupted
from onsite.flow.refusals import SubmissionInProgress
from onsite.flow.registers import register_kind, site_api
from onsite.flow.request import SubmissionRequest
from onsite.flow.steps import carry_through
from onsite.flow.visitors import visitor_stored
from onsite.models import Register, State, Submission
from sites.models import ApiKey, Site


def submission_run(
    *, site: Site, key: ApiKey, request: SubmissionRequest, idempotency_key: str | None = None
) -> Submission:
    """Take one visitor through the flow; return the ended submission with the answer for the site.

    Not inside a transaction: the row is committed first, and other systems are asked. A repeat
    under the same idempotency key, or of a body that runs at this moment, returns the first one.
    Raises SubmissionRefused.
    """
    api = site_api(site)
    draft = Submission(
        site=site,
        register=register_kind(api),
        sent_by=key.name,
        idempotency_key=idempotency_key,
        body_digest=body_digest(request),
        visitor_key=visitor_key(request.visitor),
        role=request.role,
        conversion=request.conversion,
        notes=list(request.notes),
    )
    draft.visitor = visitor_stored(request.visitor)
    earlier = under_same_key(draft)
    if earlier is not None and earlier.state != State.RUNNING and not was_interrupted(earlier):
        return earlier
    with _place(draft):
        claimed = claim(draft, api)
        if claimed.is_ours:
            carry_through(claimed.submission, purpose=Purpose.SUBMISSION)
    if claimed.submission.state == State.RUNNING:
        # This process was held up beyond its lease, and another works on the row now.
        raise SubmissionInProgress
    return claimed.submission


def _place(draft: Submission) -> AbstractContextManager[None]:
    return waiting_slot() if draft.register == Register.GENERIC_API else nullcontext()
