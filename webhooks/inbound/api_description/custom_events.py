"""Custom events that operators define, in the contexts Public API and Webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    in_query,
    ref,
)
from common.endpoint.description.common_problems import THROTTLED, UNSUPPORTED_MEDIA_TYPE
from sites.api_keys.api_description import API_KEY, SITE_EXAMPLE, key_answers
from sites.models import Scope
from webhooks.inbound.api_description.reception_problems import (
    JSON_PROBLEMS,
    RECEPTION_PROBLEMS,
    UNPROCESSABLE_SCHEMA,
    not_verified,
    reception_too_large,
    unprocessable,
)
from webhooks.inbound.api_description.sources import SOURCE_SECURITY

_RATE: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_SHORT_ID: Final[JsonSchema] = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_JOHN: Final = {"email": "john.doe@example.org", "name": "Hi there!", "phone": "+34666777888"}

CUSTOM_EVENT_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "CreatedEvent": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": _SHORT_ID},
        "additionalProperties": False,
    },
    "CustomEvent": {
        "type": "object",
        "description": (
            "Field id to value. What each of the nine types takes is in the documents; null "
            "counts as not given."
        ),
        "additionalProperties": {
            "type": ["string", "number", "boolean", "array", "null"],
            "items": {"type": "string"},
        },
    },
    "UnprocessableEntity": UNPROCESSABLE_SCHEMA,
}
_CREATED: Final = Answer(
    status=201,
    description="The event is committed to the database.",
    schema=ref("CreatedEvent"),
    examples={"created": {"id": "019ab4c2d1e7f36b20945cd8"}},
)


def _sent_with_a_key(by: str, words: str) -> Operation:
    return Operation(
        operation_id=f"createCustomEventBy{by}",
        summary=f"Create a custom event by {words}",
        description=(
            "Connectif's *Create custom event*. Checks come in this order, and the first that "
            "fails is the answer: key, address and permission, rate, event, size and type of the "
            "body, JSON, fields, contact. There is no repeat key: two equal requests are two "
            "events. The headers about the rate are on every answer to a key that may send."
        ),
        security=(API_KEY,),
        parameters=(
            in_query(
                "createContact",
                "Whether a contact that is missing is made; without it, false.",
                "true",
                enum=["true", "false"],
                default="false",
            ),
        ),
        body=Body(
            description="The values of the event's fields.",
            schema=ref("CustomEvent"),
            examples={JSON: {"some_fields": _JOHN}},
        ),
        answers=(
            replace(_CREATED, headers=_RATE),
            Problem(
                status=400,
                code="E0501",
                when="no contact has this e-mail, and `createContact` is false.",
                detail="Contact does not exist.",
                headers=_RATE,
            ),
            Problem(
                status=400,
                code="BAD_PARAMETER",
                when="`createContact` is neither `true` nor `false`, or came twice.",
                detail="The parameter createContact must be true or false, once.",
            ),
            *JSON_PROBLEMS,
            *(each for each in key_answers(Scope.CUSTOM_EVENTS_WRITE) if each is not THROTTLED),
            reception_too_large(),
            UNSUPPORTED_MEDIA_TYPE,
            unprocessable(
                "Fields are missing, unknown or do not fit; **all** of them are listed.",
                ("phone", "Not a valid phone number."),
                ("nickname", "Field is not defined in this event."),
            ),
            replace(THROTTLED, headers=(*_RATE, "Retry-After")),
            *(each for each in RECEPTION_PROBLEMS if each is not THROTTLED),
        ),
    )


_WEBHOOK: Final = Operation(
    operation_id="receiveCustomEvent",
    summary="Send a custom event as a webhook",
    description=(
        "For senders whose body and headers nobody can change: values are found by JSON Pointers, "
        "what does not fit is left out unless it is needed, and the contact is always made. The "
        "check, if the operator chose one, is one of those that sources have."
    ),
    security=SOURCE_SECURITY,
    body=Body(
        description="Any JSON object or array.",
        schema={"type": ["object", "array"]},
        examples={JSON: {"flat": _JOHN}},
    ),
    answers=(
        _CREATED,
        *JSON_PROBLEMS,
        not_verified("The chosen check was not passed. Without a body."),
        reception_too_large(),
        unprocessable(
            "The primary key or another required field is missing or does not fit.",
            ("email", "Not a valid e-mail address."),
        ),
        *RECEPTION_PROBLEMS,
    ),
)
_ALIAS: Final = in_path("alias", "The alias of the event.", "api-event-example")

CUSTOM_EVENT_ENDPOINTS: Final = (
    Endpoint(
        url_name="custom-event-by-alias",
        parameters=(_ALIAS,),
        operations={"post": _sent_with_a_key("Alias", "alias")},
    ),
    Endpoint(
        url_name="custom-event-by-id",
        parameters=(in_path("event_id", "The id of the event.", "019ab4c2d1e7f36b20945cd8"),),
        operations={"post": _sent_with_a_key("Id", "id")},
    ),
    Endpoint(
        url_name="custom-event-webhook",
        parameters=(
            in_path("site_id", "The id of the site.", SITE_EXAMPLE, format="uuid"),
            in_path("alias", "The alias of the event.", "webhook-event-example"),
        ),
        operations={"post": _WEBHOOK},
    ),
)
