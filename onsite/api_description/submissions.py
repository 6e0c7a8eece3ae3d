from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
    JsonSchema,
    Operation,
    Problem,
    header,
    in_path,
    ref,
)
from common.endpoint.description.common_problems import (
    INTERNAL_ERROR,
    INVALID,
    JSON_BODY_PROBLEMS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    UNAVAILABLE,
)
from onsite.flow import causes, refusals
from onsite.flow.answers import BLOCKED, CONTINUE
from onsite.models import Role, Tag
from sites.api_keys.api_description import API_KEY, SITE_EXAMPLE, key_answers
from sites.models import Scope

_ID: Final = "01a1fcfb-5f67-70e6-b511-0b7b64dd367b"
_JANE: Final = {
    "email": "jane@example.com",
    "phone": "+46701234567",
    "name": "Jane Doe",
    "options": {"pet": "Dog", "acceptsEmail": True},
}
_OPTIONS: Final[JsonSchema] = {
    "type": ["object", "null"],
    "description": "The campaign's custom options, by their keys; others are ignored.",
}

SUBMISSION_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Visitor": {
        "type": "object",
        "description": "With an e-mail, a phone or a personal identity number at least.",
        "properties": {
            "email": {"type": ["string", "null"], "maxLength": 320},
            "phone": {
                "type": ["string", "null"],
                "maxLength": 60,
                "description": "Without a prefix it is a number of the site's country.",
            },
            "name": {"type": ["string", "null"], "maxLength": 400, "description": "In full."},
            "personalIdentity": {"type": ["string", "null"], "maxLength": 60},
            "options": _OPTIONS,
        },
    },
    "Conversion": {
        "type": "object",
        "description": "What the campaign counts as success, such as an order.",
        "properties": {
            "reference": {"type": ["string", "null"], "maxLength": 200},
            "value": {
                "type": ["number", "string", "null"],
                "description": "0 or more, up to six decimals; as text where doubles would round.",
            },
            "currency": {"type": ["string", "null"], "pattern": "^[A-Za-z]{3}$"},
        },
    },
    "NewSubmission": {
        "type": "object",
        "description": "Other keys are ignored; null means not given.",
        "required": ["role", "contact"],
        "properties": {
            "role": {"type": "string", "enum": list(Role.values)},
            "contact": ref("Visitor"),
            "conversion": {"anyOf": [{"type": ["boolean", "null"]}, ref("Conversion")]},
        },
    },
    "ContinuedSubmission": {
        "type": "object",
        "required": ["id", "result", "known", "redeal", "contact"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "result": {"const": CONTINUE},
            "known": {"type": "boolean", "description": "The register had this contact before."},
            "redeal": {
                "enum": [*Tag.values, None],
                "description": "The contact's tag; null for a known signup.",
            },
            "contact": {
                "type": "object",
                "description": "What the register knew; empty when it knew nobody.",
                "properties": {
                    "email": {"type": "string"},
                    "phone": {"type": "string"},
                    "name": {"type": "string"},
                    "personalIdentity": {"type": "string"},
                    "options": {"type": "object"},
                },
                "additionalProperties": False,
            },
            "notes": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Sentences for people; those about values begin with a code.",
            },
        },
        "additionalProperties": False,
    },
    "BlockedSubmission": {
        "type": "object",
        "required": ["status", "title", "detail", "code", "id", "result"],
        "properties": {
            "status": {"type": "integer"},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "id": {"type": "string", "format": "uuid"},
            "result": {"const": BLOCKED},
        },
        "additionalProperties": False,
    },
}


# A step, then what went wrong in it; see docs/onsite-submissions.md.
_BOTH_STEPS: Final = (
    "STATUS", "TIMEOUT", "DNS", "REFUSED", "RESET", "TLS", "ADDRESS", "PROTOCOL", "SETTINGS",
)  # fmt: skip
BLOCKING_CODES: Final = (
    *(f"LOOKUP_{what}" for what in (*_BOTH_STEPS, "NOT_JSON", "NO_KEY")),
    *(f"WRITE_{what}" for what in _BOTH_STEPS),
    causes.SWITCHED_OFF,
    causes.CONTACT_REJECTED,
    causes.INTERRUPTED,
)
_BLOCKED: Final = Problem(
    status=502,
    code="LOOKUP_STATUS",
    other_codes=BLOCKING_CODES,
    when=(
        "and its kind: blocked. Stop the visitor's flow; the contact is not changed. The "
        "submission is kept, and staff can send it again when the cause is gone."
    ),
    detail="The API answered 401, which is neither expected nor on the list of ignored codes.",
    schema="BlockedSubmission",
    members={"id": _ID, "result": BLOCKED},
)


def _refused(refusal: type[refusals.SubmissionRefused], when: str) -> Problem:
    return Problem(
        status=refusal.status,
        code=refusal.code,
        when=when,
        detail=refusal.detail,
        headers=("Retry-After",) if refusal.retry_after else (),
    )


_SUBMIT: Final = Operation(
    operation_id="submitVisitor",
    summary="Run one visitor through the flow",
    description=(
        "Look up, decide the `redeal` tag, create or update. 200 says that the visitor continues, "
        "502 that the flow is to be stopped. Two calls to the retailer's API may be made "
        "meanwhile, each of up to 30 seconds; without one, Patchbay's contacts are asked."
    ),
    security=(API_KEY,),
    parameters=(
        header(
            "Idempotency-Key",
            "1 to 200 printable ASCII characters. A repeat with the same key and body gets the "
            "first answer.",
            "0f6c1f9e-order-4711",
        ),
    ),
    body=Body(
        description="The visitor.",
        schema=ref("NewSubmission"),
        examples={
            JSON: {
                "conversion": {
                    "role": "friend",
                    "contact": _JANE,
                    "conversion": {"reference": "4711", "value": 129.5, "currency": "SEK"},
                },
                "signup": {"role": "signup", "contact": {"email": "new@example.com"}},
            }
        },
    ),
    answers=(
        Answer(
            status=200,
            description="The visitor continues.",
            schema=ref("ContinuedSubmission"),
            examples={
                "known": {
                    "id": _ID,
                    "result": CONTINUE,
                    "known": True,
                    "redeal": "ConvertedFriend",
                    "contact": {"email": "jane@example.com", "options": {"pet": "Cat"}},
                }
            },
        ),
        *key_answers(Scope.ONSITE_WRITE),
        *JSON_BODY_PROBLEMS,
        Problem(
            status=400,
            code="BAD_IDEMPOTENCY_KEY",
            when="the header is not 1 to 200 printable ASCII characters.",
            detail="The Idempotency-Key must be 1 to 200 printable ASCII characters.",
        ),
        NOT_FOUND,
        NOT_ACCEPTABLE,
        _refused(refusals.IdempotencyKeyReused, "the key came with another body before."),
        _refused(refusals.SubmissionInProgress, "another one of this visitor did not end in time."),
        INVALID,
        INTERNAL_ERROR,
        _BLOCKED,
        UNAVAILABLE,
        _refused(refusals.TooManyAtOnce, "nothing was stored; send it again later."),
    ),
)

SUBMISSIONS_ENDPOINT: Final = Endpoint(
    url_name="onsite-submissions",
    parameters=(in_path("site_id", "The id of the key's site.", SITE_EXAMPLE, format="uuid"),),
    operations={"post": _SUBMIT},
)
