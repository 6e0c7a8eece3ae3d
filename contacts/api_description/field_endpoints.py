from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
    JsonSchema,
    Problem,
    in_path,
    ref,
)
from contacts.api.contact_field_views import FIELD_IN_USE
from integrations.field_types import FieldType
from sites.api_keys.key_operations import reading, writing
from sites.models import Scope

_TIER: Final = {
    "id": "tier",
    "name": "Level",
    "type": "radio",
    "options": [{"id": "gold", "label": "Gold member"}],
}
_STAMPS: Final = {
    "createdAt": "2026-11-20T08:00:00.000Z",
    "updatedAt": "2026-11-20T08:00:00.000Z",
}
_OPTION: Final[JsonSchema] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "description": "What bodies carry."},
        "label": {"type": "string", "description": "What staff read; the id without one."},
    },
    "additionalProperties": False,
}
_KEYS: Final[Mapping[str, Any]] = {
    "id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        "description": "Once per site.",
    },
    "name": {"type": "string", "minLength": 1, "description": "What staff read."},
    "type": {"type": "string", "enum": [each.value for each in FieldType]},
    "options": {
        "type": "array",
        "items": ref("ContactFieldOption"),
        "maxItems": 200,
        "description": "For `radio` and `checkbox`.",
    },
    "defaultCountryCode": {
        "type": "string",
        "description": "For `phone`: digits, for numbers without a prefix.",
    },
}

FIELD_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "ContactFieldOption": _OPTION,
    "NewContactField": {
        "type": "object",
        "required": ["id", "name", "type"],
        "properties": _KEYS,
        "additionalProperties": False,
    },
    "ContactField": {
        "type": "object",
        "required": ["id", "name", "type", "createdAt", "updatedAt"],
        "properties": {
            **_KEYS,
            "createdAt": {"type": "string", "format": "date-time"},
            "updatedAt": {"type": "string", "format": "date-time"},
        },
        "additionalProperties": False,
    },
    "ContactFields": {
        "type": "object",
        "required": ["links", "results"],
        "properties": {
            "links": {
                "type": "object",
                "description": "Always null: all fields come in one page.",
                "required": ["next", "prev"],
                "properties": {"next": {"type": "null"}, "prev": {"type": "null"}},
                "additionalProperties": False,
            },
            "results": {"type": "array", "items": ref("ContactField")},
        },
        "additionalProperties": False,
    },
}

_LIST: Final = reading(
    Scope.CONTACTS_READ,
    "listContactFields",
    "List the site's own fields",
    Answer(
        status=200,
        description="All of them, in order of name.",
        schema=ref("ContactFields"),
        examples={
            "one_field": {"links": {"next": None, "prev": None}, "results": [_TIER | _STAMPS]}
        },
    ),
)
_CREATE: Final = writing(
    Scope.CONTACTS_WRITE,
    "createContactField",
    "Add a field",
    (
        Answer(
            status=201,
            description="The field as it is kept.",
            schema=ref("ContactField"),
            examples={"radio": _TIER | _STAMPS},
        ),
    ),
    description="Id and type stay as they are. A site has at most 300 fields.",
    body=Body(
        description="The field.",
        schema=ref("NewContactField"),
        examples={
            JSON: {
                "radio": _TIER,
                "text": {"id": "favourite-shop-2", "name": "Favourite shop", "type": "text"},
                "phone": {
                    "id": "desk",
                    "name": "Phone at work",
                    "type": "phone",
                    "defaultCountryCode": "46",
                },
            }
        },
    ),
)
_DELETE: Final = writing(
    Scope.CONTACTS_WRITE,
    "deleteContactField",
    "Remove a field that nothing uses",
    (
        Answer(status=204, description="The field is removed."),
        Problem(
            status=409,
            code=FIELD_IN_USE,
            when="a reception event writes to it; `detail` names the event.",
            detail="“Level” of the event “Order” writes to this field. Let it write elsewhere.",
        ),
    ),
    description="What contacts have in it stays with them as a plain attribute.",
)

FIELD_ENDPOINTS: Final = (
    Endpoint(url_name="contact-fields", operations={"get": _LIST, "post": _CREATE}),
    Endpoint(
        url_name="contact-field",
        parameters=(in_path("field_id", "The id of the field.", "unused"),),
        operations={"delete": _DELETE},
    ),
)
