from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
    JsonSchema,
    Operation,
    Problem,
    in_path,
    in_query,
    ref,
)
from common.endpoint.description.common_problems import (
    BAD_JSON,
    EMPTY_BODY,
    INCOMPLETE_BODY,
    NOT_FOUND,
    OUR_PROBLEMS,
    THROTTLED,
    UNSUPPORTED_ENCODING,
    too_large,
    unauthorized,
)
from contacts.api_description.contact_schemas import CONTACT_ID
from onsite.models import Tag
from sites.api_keys.api_description import SITE_EXAMPLE

_HEADER: Final = "GenericHeader"
_SIGNATURE: Final = "GenericSignature"
_IN_HEADER: Final = "GenericApiKey"
_IN_QUERY: Final = "GenericApiKeyInQuery"

SERVED_SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = {
    _HEADER: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Method **Header**: a fixed value; the site may name another header.",
    },
    _SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": (
            "Method **HMAC**: a signature over the body (of a GET: over the raw query), or over "
            "method, path and query and body, or over a timestamp and the body, as the site's "
            "settings say. Algorithm, encoding, prefix and header are settings too; with a "
            "timestamp, `X-Timestamp` carries it. A worked example stands in the settings."
        ),
    },
    _IN_HEADER: {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "Method **API Key**, in a header; the site may name another one.",
    },
    _IN_QUERY: {
        "type": "apiKey",
        "in": "query",
        "name": "X-Api-Key",
        "description": "Method **API Key**, in the query; the site may name another parameter.",
    },
}
_SECURITY: Final = (_HEADER, _SIGNATURE, _IN_HEADER, _IN_QUERY)

_JANE: Final = {
    "email": "jane@example.com",
    "phone": "+46701234567",
    "name": "Jane Doe",
    "redeal": "NewFriend",
}
SERVED_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "SharedContact": {
        "type": "object",
        "description": (
            "The vendor's one structure of a contact. What is not known is left out; custom "
            "options are plain extra keys."
        ),
        "properties": {
            "email": {"type": "string"},
            "phone": {"type": "string"},
            "name": {"type": "string", "description": "The full name."},
            "personalIdentity": {"type": "string"},
            "redeal": {
                "type": "string",
                "description": f"The contact's tag, as a rule one of: {', '.join(Tag.values)}.",
            },
        },
    },
    "WrittenContact": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {
                "type": "string",
                "format": "uuid",
                "description": "The contact's id in Patchbay.",
            }
        },
        "additionalProperties": False,
    },
}

_ADMISSION: Final = (
    unauthorized(
        "Wrong credentials; also an unknown site, and one that does not serve. Without a body."
    ),
    NOT_FOUND,
    THROTTLED,
    *OUR_PROBLEMS,
)


def _bad(code: str, when: str, detail: str, *other_codes: str) -> Problem:
    return Problem(status=400, code=code, when=when, detail=detail, other_codes=other_codes)


_NAMES: Final = "Give at least one of: email, phone, personalIdentity."
_LOOK_UP: Final = Operation(
    operation_id="lookUpServedContact",
    summary="Look a contact up",
    description=(
        "If several keys are given, the e-mail address decides, else the phone, else the number. "
        "Other parameters are ignored."
    ),
    security=_SECURITY,
    parameters=(
        in_query("email", "The e-mail address.", "jane@example.com"),
        in_query("phone", "The phone; encode a + as `%2B`.", "+46701234567"),
        in_query("personalIdentity", "The personal identity number.", "19811228-9874"),
    ),
    answers=(
        Answer(
            status=200,
            description="Known.",
            schema=ref("SharedContact"),
            examples={"known": _JANE},
        ),
        _bad("NO_LOOKUP_KEY", "the query names nobody.", _NAMES),
        _bad("DUPLICATE_KEY", "one key came twice.", "The query has email more than once."),
        _bad(
            "TOO_MANY_KEYS", "more than 100 parameters.", "The query has more than 100 parameters."
        ),
        Answer(
            status=404,
            description="Unknown.",
            schema={"type": "object", "maxProperties": 0},
            examples={"unknown": {}},
        ),
        *_ADMISSION,
    ),
)


def _write(method: str, summary: str) -> Operation:
    return Operation(
        operation_id=f"{method}ServedContact",
        summary=summary,
        description=(
            "`POST`, `PUT` and `PATCH` do the same. What is left out stays as it is; null and "
            "empty text clear nothing; unknown keys are ignored. A value of a wrong type and a "
            "number that cannot exist are left out, and the rest is stored."
        ),
        security=_SECURITY,
        body=Body(
            description="The contact in the shared structure.",
            # Values of a wrong type are no error: they are left out.
            schema={"type": "object"},
            examples={JSON: {"contact": _JANE}},
        ),
        answers=(
            Answer(
                status=200,
                description="Updated, or nothing to change.",
                schema=ref("WrittenContact"),
                examples={"updated": {"id": CONTACT_ID}},
            ),
            Answer(
                status=201,
                description="Created.",
                schema=ref("WrittenContact"),
                examples={"created": {"id": CONTACT_ID}},
            ),
            EMPTY_BODY,
            INCOMPLETE_BODY,
            BAD_JSON,
            _bad(
                "NO_OBJECT",
                "the body is JSON, and no object.",
                "The body must be one JSON object: the contact in the shared structure.",
            ),
            _bad(
                "NO_IDENTITY",
                "the body names nobody; `BAD_EMAIL`, `BAD_PHONE` and `BAD_PERSONAL_IDENTITY`: "
                "what it names somebody by cannot exist.",
                _NAMES,
                "BAD_EMAIL",
                "BAD_PHONE",
                "BAD_PERSONAL_IDENTITY",
            ),
            too_large(),
            UNSUPPORTED_ENCODING,
            *_ADMISSION,
            Problem(
                status=503,
                code="BUSY",
                when="others change the contact just now; nothing was written.",
                detail=(
                    "The contact is being changed by others just now. Send the request again later."
                ),
                headers=("Retry-After",),
            ),
        ),
    )


SERVED_ENDPOINT: Final = Endpoint(
    url_name="generic-contacts",
    parameters=(in_path("site_id", "The id of the site.", SITE_EXAMPLE, format="uuid"),),
    operations={
        "get": _LOOK_UP,
        "post": _write("post", "Create or update a contact"),
        "put": _write("put", "Create or update a contact, by PUT"),
        "patch": _write("patch", "Create or update a contact, by PATCH"),
    },
)
