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
from contacts.api.preference_view import NO_IDENTITY, PREFERENCES
from contacts.api_description.contact_schemas import CONTACT_ID
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import Scope

_TEXTS: Final = ("email", "mobilePhone", "externalId", "firstName", "lastName")

PREFERENCE_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Preference": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "boolean"}},
        "additionalProperties": False,
    },
    "ContactPreferences": {
        "type": "object",
        "required": ["id", *_TEXTS, "preferences"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            **{name: {"type": ["string", "null"]} for name in _TEXTS},
            "preferences": {
                "type": "object",
                "description": "Null is neither yes nor no: nobody said yet.",
                "required": list(PREFERENCES),
                "properties": {name: {"type": ["boolean", "null"]} for name in PREFERENCES},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
}

PREFERENCE_ENDPOINT: Final = Endpoint(
    url_name="contact-preference",
    parameters=(
        in_path("contact_id", "The `id` of the contact.", CONTACT_ID, format="uuid"),
        in_path("preference", "Which of the three.", "acceptsSms", enum=list(PREFERENCES)),
    ),
    operations={
        "post": Operation(
            operation_id="setPreference",
            summary="Set one preference of a contact",
            description="Under the addresses of Voyado Engage's API, version 2.",
            security=(API_KEY,),
            body=Body(
                description="Yes or no.",
                schema=ref("Preference"),
                examples={JSON: {"yes": {"value": True}, "no": {"value": False}}},
            ),
            answers=(
                Answer(
                    status=200,
                    description="The contact, or its id alone to a key without `contacts:read`.",
                    schema={"oneOf": [ref("ContactPreferences"), ref("ContactId")]},
                    examples={
                        "contact": {
                            "id": CONTACT_ID,
                            "email": "john.doe@example.org",
                            "mobilePhone": None,
                            "externalId": None,
                            "firstName": "John",
                            "lastName": None,
                            "preferences": dict.fromkeys(PREFERENCES) | {"acceptsSms": True},
                        }
                    },
                ),
                *key_answers(Scope.CONTACTS_WRITE),
                *JSON_BODY_PROBLEMS,
                NOT_FOUND,
                NOT_ACCEPTABLE,
                Problem(
                    status=409,
                    code=NO_IDENTITY,
                    when="give the contact an e-mail, an external id or a phone number first.",
                    detail=("This contact has no e-mail address, external id or phone number."),
                ),
                INVALID,
                *OUR_PROBLEMS,
            ),
        )
    },
)
