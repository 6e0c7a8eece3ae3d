"""Keyed digests of personal data, by which equal submissions and equal visitors are found."""

from __future__ import annotations

import json
from typing import Final

from common.encryption import key_ring
from integrations.generic_api.visitor import VisitorData
from onsite.flow.request import SubmissionRequest
from onsite.flow.visitors import visitor_stored

_BODY: Final = "onsite.submission.body_digest"
_VISITOR: Final = "onsite.submission.visitor_key"


def body_digest(request: SubmissionRequest) -> str:
    """Return the digest of what was understood: order of keys and unknown keys make no other."""
    understood = [request.role.value, visitor_stored(request.visitor), request.conversion]
    return key_ring().digest(json.dumps(understood, sort_keys=True), _BODY)


def visitor_key(visitor: VisitorData) -> str:
    """Return the digest of the strongest identity: e-mail, else phone, else personal identity."""
    for name in ("email", "phone", "personal_identity"):
        if value := getattr(visitor, name):
            return key_ring().digest(f"{name}:{value}", _VISITOR)
    raise ValueError("The visitor has no identity.")
