from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.endpoint.description import (
    Answer,
    Endpoint,
    JsonSchema,
    in_path,
    ref,
)
from contacts.api.preference_view import PREFERENCES
from contacts.api_description.contact_schemas import CONTACT_ID
from sites.api_keys.key_operations import body_of, writing
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
        "post": writing(
            Scope.CONTACTS_WRITE,
            "setPreference",
            "Set one preference of a contact",
            (
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
            ),
            description="Under the addresses of Voyado Engage's API, version 2.",
            body=body_of(
                "Preference", {"yes": {"value": True}, "no": {"value": False}}, "Yes or no."
            ),
        )
    },
)
