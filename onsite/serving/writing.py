"""POST, PUT and PATCH, which all merge: what the document leaves out is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from django.db import IntegrityError

from common.json import BadJson, parse_json
from contacts.services import ChangeKind
from integrations.generic_api.options import options_of
from integrations.generic_api.shared_structure import from_shared, key_names
from integrations.generic_api.variable_names import TAG_KEY
from integrations.models import GenericApi, Outcome
from onsite.people import apply, contact_change
from onsite.serving.looking_up import keys_asked_for
from onsite.serving.outcome import Refused, Served, json_response

_LABEL: Final = "Onsite"
_RETRY_SECONDS: Final = "1"


def written(api: GenericApi, body: bytes, received_at: datetime) -> Served:
    """Create or update the contact whom the document names; answer 201 or 200 with its id.

    Raises `Refused` for what is no JSON object and for a document without any identity.
    """
    document = _document(body)
    read = from_shared(api, document)
    notes = (*_nulls(api, document), *read.notes)
    identities = (read.visitor.personal_identity,)
    if not read.visitor.has_identity:
        raise _bad_request("NO_IDENTITY", f"Give at least one of: {keys_asked_for(api)}.", notes)
    change = contact_change(
        visitor=read.visitor, options=options_of(api), tag=read.tag, occurred_at=received_at
    )
    try:
        applied = apply(site=api.site, change=change, label=_LABEL, received_at=received_at)
    except IntegrityError:
        # Only after several attempts, each against another writer of the same person.
        raise _busy(notes, identities) from None
    notes = (*notes, *applied.notes)
    if applied.kind is ChangeKind.REJECTED:
        raise _bad_request(applied.cause, applied.reason, notes, identities)
    is_new = applied.kind is ChangeKind.CREATED
    return Served(
        response=json_response(
            HTTPStatus.CREATED if is_new else HTTPStatus.OK, {"id": str(applied.contact_id)}
        ),
        outcome=Outcome.CREATED if is_new else Outcome.UPDATED,
        notes=notes,
        contact_id=applied.contact_id,
        identities=identities,
    )


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = parse_json(body)
    except BadJson as bad:
        raise _bad_request("BAD_JSON", str(bad)) from None
    if not isinstance(document, dict):
        sentence = "The body must be one JSON object: the contact in the shared structure."
        raise _bad_request("NO_OBJECT", sentence)
    return document


def _bad_request(
    code: str, sentence: str, notes: tuple[str, ...] = (), identities: tuple[str, ...] = ()
) -> Refused:
    return Refused(
        status=HTTPStatus.BAD_REQUEST,
        code=code,
        sentence=sentence,
        notes=notes,
        identities=identities,
    )


def _busy(notes: tuple[str, ...], identities: tuple[str, ...]) -> Refused:
    return Refused(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="BUSY",
        sentence="The contact is being changed by others just now. Send the request again later.",
        notes=notes,
        identities=identities,
        headers={"Retry-After": _RETRY_SECONDS},
    )


def _nulls(api: GenericApi, document: Mapping[str, Any]) -> list[str]:
    known = (*key_names(api).values(), *(option.key for option in options_of(api)), TAG_KEY)
    return [
        f"“{key}” was null; it was ignored, as nothing is cleared this way."
        for key in known
        if key in document and document[key] is None
    ]
