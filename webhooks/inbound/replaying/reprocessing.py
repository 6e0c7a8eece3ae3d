"""Taking in a request that was refused, once what was wrong here is corrected."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.causes import RejectionCause
from integrations.request import InboundRequest, RefusedBody
from sites.audit import Actor, audit_record
from sites.models import Role
from sites.roles import has_role
from webhooks.inbound.journal import Appended, JournalEntry, append
from webhooks.inbound.models import RejectedRequest
from webhooks.waking import RECEIVED, wake_workers

# The check was passed and the body was not understood: a preset or a setting may do better now.
VERIFIED: Final = frozenset(
    (
        RejectionCause.BAD_JSON,
        RejectionCause.BAD_XML,
        RejectionCause.BAD_BODY,
        RejectionCause.INVALID_FIELDS,
        RejectionCause.NO_IDENTITY,
        RejectionCause.CONTACT_UNKNOWN,
        RejectionCause.BAD_PARAMETER,
        RejectionCause.UNSUPPORTED_MEDIA_TYPE,
    )
)
# These bytes are not what the sender meant to send, or there are none.
UNUSABLE: Final = frozenset(
    (
        RejectionCause.TOO_LARGE,
        RejectionCause.EMPTY_BODY,
        RejectionCause.INCOMPLETE_BODY,
        RejectionCause.UNSUPPORTED_ENCODING,
    )
)


def needs_vouching(rejected: RejectedRequest) -> bool:
    """Say whether nothing proves who sent the request.

    Signatures and tokens are masked before anything is stored, so that a request that was refused
    before or at its check cannot be checked again: somebody has to answer for it.
    """
    return RejectionCause(rejected.cause) not in VERIFIED


def why_not_reprocessable(rejected: RejectedRequest) -> str:
    """Return why the request cannot be taken in whatever one does; empty when it can."""
    if rejected.reprocessed_as_id:
        return "This request was taken in already."
    if RejectionCause(rejected.cause) in UNUSABLE or not rejected.body_bytes:
        return "The body did not arrive as it was meant. Ask the sender to send it again."
    if not rejected.is_whole:
        return "Only the start of the body was kept. Ask the sender to send it again."
    return ""


@transaction.atomic
def rejected_request_reprocess(
    *, rejected: RejectedRequest, actor: Actor, vouched: bool = False
) -> Appended:
    """Take a refused request in as a received event, by its source's settings of now.

    Where `needs_vouching`, it takes an admin of the site who says `vouched`; both are in the
    audit trail. Raises ValidationError with what to do.
    """
    rejected = (
        RejectedRequest.objects.select_for_update(of=("self",))
        .select_related("source", "site")
        .get(pk=rejected.pk)
    )
    _refuse_when_impossible(rejected)
    if needs_vouching(rejected):
        _require_voucher(rejected, actor, vouched)
    appended = append(_entry(rejected, actor))
    RejectedRequest.objects.filter(pk=rejected.pk).update(reprocessed_as=appended.id)
    audit_record(
        actor=actor,
        action="rejected_request.reprocessed",
        site=rejected.site,
        target=rejected,
        changes={
            "received_event": (None, appended.id),
            "was_there_before": (None, appended.is_repeat),
            "vouched_for": (None, needs_vouching(rejected)),
        },
    )
    wake_workers(RECEIVED)
    return appended


def _refuse_when_impossible(rejected: RejectedRequest) -> None:
    obstacle = why_not_reprocessable(rejected)
    if obstacle:
        raise ValidationError(obstacle)
    if not (rejected.source.is_active and rejected.site.is_active):
        raise ValidationError("The source or its site is switched off. Switch it on first.")


def _require_voucher(rejected: RejectedRequest, actor: Actor, vouched: bool) -> None:
    if not vouched:
        raise ValidationError(
            "Nothing proves who sent this request. Look at the body, and confirm that you vouch "
            "for it."
        )
    if actor.user is not None and not has_role(actor.user, rejected.site, Role.ADMIN):
        raise ValidationError("Only an admin of the site can vouch for a request.")


def _entry(rejected: RejectedRequest, actor: Actor) -> JournalEntry:
    source, body = rejected.source, bytes(rejected.body_start)
    request = InboundRequest(
        body=body,
        headers=rejected.headers,
        query=rejected.query,
        remote_address=rejected.remote_address,
        path=source.reception_path,
        received_at=rejected.at,
    )
    try:
        identity = source.preset.identify(request, source.config)
    except RefusedBody as error:
        raise ValidationError(f"It would be refused again: {error.detail}") from None
    return JournalEntry(
        site_id=rejected.site_id,
        source_id=source.pk,
        dedupe_key=identity.dedupe_key,
        event_type=identity.event_type,
        event_id=identity.event_id,
        received_at=rejected.at,
        body=body,
        remote_address=rejected.remote_address,
        headers=rejected.headers,
        query=rejected.query,
        notes=(f"Refused at first ({rejected.cause}), taken in by {actor.label}.",),
        dedupe_window=source.preset.dedupe_window,
    )
