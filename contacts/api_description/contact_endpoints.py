from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
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
from contacts.api.contact_view import CONTACT_CONFLICT, CREATED_SINCE
from contacts.api_description.contact_schemas import CONTACT_EXAMPLE, CONTACT_ID
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import Scope

_CONFLICT: Final = Problem(
    status=409,
    code=CONTACT_CONFLICT,
    when="another contact has the external id or phone number that `detail` names.",
    detail="Another contact has this external id. Nothing was written.",
)
_CREATED_SINCE: Final = Problem(
    status=409,
    code=CREATED_SINCE,
    when="another system says that the contact was created later than now.",
    detail=(
        "Another system says that this contact was created after now. Only what is older was "
        "erased; delete it again later."
    ),
)
_PATCH: Final = {
    "_name": "John",
    "_points": 130,
    "_newsletterSubscriptionStatus": "subscribed",
    "favourite-shop": "Madrid",
}


def _operations(name: str, words: str, *, is_deprecated: bool = False) -> Mapping[str, Operation]:
    return {
        "get": Operation(
            operation_id=f"readContact{name}",
            summary=f"Read a contact by {words}",
            security=(API_KEY,),
            is_deprecated=is_deprecated,
            answers=(
                Answer(
                    status=200,
                    description="The contact.",
                    schema=ref("Contact"),
                    examples={"contact": CONTACT_EXAMPLE},
                ),
                *key_answers(Scope.CONTACTS_READ),
                NOT_FOUND,
                NOT_ACCEPTABLE,
                *OUR_PROBLEMS,
            ),
        ),
        "patch": _patch(name, words, is_deprecated),
        "delete": Operation(
            operation_id=f"eraseContact{name}",
            summary=f"Erase a contact by {words}",
            description=(
                "Takes fields, attributes, preferences, consents, activities and the contents of "
                "the history. What stays is that somebody was erased, and why."
            ),
            security=(API_KEY,),
            is_deprecated=is_deprecated,
            answers=(
                Answer(status=204, description="The person is erased."),
                *key_answers(Scope.CONTACTS_WRITE),
                NOT_FOUND,
                NOT_ACCEPTABLE,
                _CREATED_SINCE,
                *OUR_PROBLEMS,
            ),
        ),
    }


def _patch(name: str, words: str, is_deprecated: bool) -> Operation:
    return Operation(
        operation_id=f"patchContact{name}",
        summary=f"Change a contact by {words}, or make it",
        description=(
            "Writes what it names and nothing else; makes the contact if there is none. All "
            "faults are told at once, and then nothing is written."
        ),
        security=(API_KEY,),
        is_deprecated=is_deprecated,
        body=Body(
            description="The values to write.",
            schema=ref("ContactPatch"),
            examples={JSON: {"some_values": _PATCH, "nothing": {}}},
        ),
        answers=(
            Answer(
                status=200,
                description="The contact, or its id alone to a key without `contacts:read`.",
                schema={"oneOf": [ref("Contact"), ref("ContactId")]},
                examples={"contact": CONTACT_EXAMPLE, "may_not_read": {"id": CONTACT_ID}},
            ),
            *key_answers(Scope.CONTACTS_WRITE),
            *JSON_BODY_PROBLEMS,
            NOT_FOUND,
            NOT_ACCEPTABLE,
            _CONFLICT,
            INVALID,
            *OUR_PROBLEMS,
        ),
    )


_EMAIL: Final = in_path("name", "The e-mail address of the contact.", "john.doe@example.org")
_EXTERNAL_ID: Final = in_path(
    "name",
    "The external id of the contact, 1 to 200 characters. One slash at the end belongs to the "
    "address; an id that ends in a slash is written with two.",
    "4711",
)

CONTACT_ENDPOINTS: Final = (
    Endpoint(
        url_name="contact-by-email",
        parameters=(_EMAIL,),
        operations=_operations("ByEmail", "e-mail"),
    ),
    Endpoint(
        url_name="contact-by-external-id",
        parameters=(_EXTERNAL_ID,),
        operations=_operations("ByExternalId", "external id"),
    ),
    Endpoint(
        url_name="contact",
        parameters=(_EMAIL,),
        operations=_operations("", "e-mail, the older address", is_deprecated=True),
    ),
)
