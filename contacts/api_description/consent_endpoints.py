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
    ref,
)
from common.endpoint.description.common_problems import (
    INVALID,
    JSON_BODY_PROBLEMS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OUR_PROBLEMS,
)
from contacts.api.consent_views import AMBIGUOUS_ADDRESS, AMBIGUOUS_DETAIL
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import Scope

_AMBIGUOUS: Final = Problem(
    status=409,
    code=AMBIGUOUS_ADDRESS,
    when="nobody has this external id, and a contact has one that ends in `/consents` and makes "
    "the same address.",
    detail=AMBIGUOUS_DETAIL,
)
_BY_CULTURE: Final[JsonSchema] = {"type": "object", "additionalProperties": {"type": "string"}}
_META: Final = {
    "conditionText": "The terms, as HTML of plain tags.",
    "displayText": "The sentence beside the box.",
    "linkText": "The words of the link to the terms.",
}
_OPTIONAL: Final[Mapping[str, JsonSchema]] = {
    "date": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When it was said; now, if it is not named. Never in the future.",
    },
    "comment": {"type": ["string", "null"], "maxLength": 500},
    "source": {
        "type": ["string", "null"],
        "maxLength": 200,
        "description": "Where it was said; the name of the key, if it is not named.",
    },
    "textVersion": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": (
            "The version of the text that was shown; the newest at the time, if it is not named."
        ),
    },
}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 120}

CONSENT_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Consent": {
        "type": "object",
        "description": "What a site asks for. Each text is by culture, such as `sv-SE`.",
        "required": ["id", "name", "metaData"],
        "properties": {
            "id": _ID,
            "name": {"type": "string"},
            "metaData": {
                "type": "object",
                "required": list(_META),
                "properties": {
                    name: {**_BY_CULTURE, "description": words} for name, words in _META.items()
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
    "ContactConsent": {
        "type": "object",
        "description": "One consent of a contact; null as value: nobody said yes or no yet.",
        "required": ["id", "value", *_OPTIONAL],
        "properties": {"id": _ID, "value": {"type": ["boolean", "null"]}, **_OPTIONAL},
        "additionalProperties": False,
    },
    "ContactConsentPatch": {
        "type": "object",
        "required": ["id", "value"],
        "properties": {"id": _ID, "value": {"type": "boolean"}, **_OPTIONAL},
        "additionalProperties": False,
    },
    "ConsentId": {
        "type": "object",
        "description": "What a key without `consents:read` is answered.",
        "required": ["id"],
        "properties": {"id": _ID},
        "additionalProperties": False,
    },
}
_DEFINITION: Final[Mapping[str, Any]] = {
    "id": "memberTerms",
    "name": "Terms of membership",
    "metaData": {
        "conditionText": {
            "sv-SE": "<p>Vi sparar dina köp för att ge dig bonus.</p>",
            "en-GB": "<p>We keep your purchases to give you a bonus.</p>",
        },
        "displayText": {
            "sv-SE": "Jag godkänner villkoren",
            "en-GB": "I agree to the terms",
        },
        "linkText": {"sv-SE": "Läs villkoren", "en-GB": "Read the terms"},
    },
}
_GIVEN: Final[Mapping[str, Any]] = {
    "id": "memberTerms",
    "value": True,
    "date": "2024-11-20T08:00:00.000Z",
    "comment": "At the till",
    "source": "Shop 4",
    "textVersion": 1,
}
_NOT_SET: Final = {**dict.fromkeys(("id", "value", *_OPTIONAL)), "id": "news"}

_LIST: Final = Operation(
    operation_id="listConsents",
    summary="List what the site asks for",
    description="Under the address of Voyado Engage's API, version 3. What is switched off is not "
    "listed. The texts are those of the newest version.",
    security=(API_KEY,),
    answers=(
        Answer(
            status=200,
            description="All of them, in order of name.",
            schema={"type": "array", "items": ref("Consent")},
            examples={"one_consent": [_DEFINITION]},
        ),
        *key_answers(Scope.CONSENTS_READ),
        NOT_ACCEPTABLE,
        *OUR_PROBLEMS,
    ),
)


def _operations(name: str, words: str, *conflicts: Problem) -> Mapping[str, Operation]:
    return {
        "get": Operation(
            operation_id=f"readConsents{name}",
            summary=f"Read a contact's consents by {words}",
            security=(API_KEY,),
            answers=(
                Answer(
                    status=200,
                    description="What the site asks for, and whatever else the contact answered.",
                    schema={"type": "array", "items": ref("ContactConsent")},
                    examples={"yes_and_not_set": [_GIVEN, _NOT_SET]},
                ),
                *key_answers(Scope.CONSENTS_READ),
                NOT_FOUND,
                *conflicts,
                NOT_ACCEPTABLE,
                *OUR_PROBLEMS,
            ),
        ),
        "patch": Operation(
            operation_id=f"setConsent{name}",
            summary=f"Set one consent of a contact by {words}",
            description=(
                "Says yes or no. An answer older than the one that stands changes nothing, and of "
                "two of the same time it is the no that counts; the answer shows what stands."
            ),
            security=(API_KEY,),
            body=Body(
                description="The answer.",
                schema=ref("ContactConsentPatch"),
                examples={
                    JSON: {
                        "yes": _GIVEN,
                        "no": {"id": "memberTerms", "value": False},
                    }
                },
            ),
            answers=(
                Answer(
                    status=200,
                    description="What stands, or the id alone to a key without `consents:read`.",
                    schema={"oneOf": [ref("ContactConsent"), ref("ConsentId")]},
                    examples={"yes": _GIVEN, "may_not_read": {"id": "memberTerms"}},
                ),
                *key_answers(Scope.CONSENTS_WRITE),
                *JSON_BODY_PROBLEMS,
                NOT_FOUND,
                *conflicts,
                NOT_ACCEPTABLE,
                INVALID,
                *OUR_PROBLEMS,
            ),
        ),
    }


CONSENT_ENDPOINTS: Final = (
    Endpoint(url_name="consents", operations={"get": _LIST}),
    Endpoint(
        url_name="consents-by-email",
        parameters=(in_path("name", "The e-mail address of the contact.", "john.doe@example.org"),),
        operations=_operations("ByEmail", "e-mail"),
    ),
    Endpoint(
        url_name="consents-by-external-id",
        parameters=(in_path("name", "The external id of the contact.", "4711"),),
        operations=_operations("ByExternalId", "external id", _AMBIGUOUS),
    ),
)
