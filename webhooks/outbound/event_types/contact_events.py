"""Events about contacts, in the shapes of Voyado Engage (developer documentation, *Webhooks*).

What Engage does not publish is ours: the payloads of preferences and consents. The snapshot holds
neither preferences nor consents, as theirs does not.
"""

from __future__ import annotations

from typing import Any, Final

from integrations.contact_change import Channel
from webhooks.outbound.event_types.event_type import (
    EventType,
    Group,
    Schema,
    instant,
    object_schema,
    text,
    text_or_null,
    yes_or_no,
)

CREATED: Final = "contact.created"
UPDATED: Final = "contact.updated"
DELETED: Final = "contact.deleted"
CONSENT: Final = "contact.consent.changed"
# Channel → key of the payload, which is also part of the type.
PREFERENCE_KEYS: Final = {
    Channel.EMAIL: "acceptsEmail",
    Channel.SMS: "acceptsSms",
    Channel.POSTAL: "acceptsPostal",
}

_CONTACT_ID: Final = text("The contact's id in Patchbay.", format="uuid")
_EXAMPLE_ID: Final = "515c1b2a-7124-4bb9-826b-aedbbe5da8c4"

_SNAPSHOT: Final[dict[str, Schema]] = {
    "careOf": text_or_null(),
    "city": text_or_null(),
    "contactId": _CONTACT_ID,
    "contactTypeId": text_or_null("As a source gave it; Member when none did."),
    "countryCode": text_or_null("Two letters (ISO 3166)."),
    "creationTime": instant("When the contact came to be here, UTC."),
    "customAttributes": {
        "type": "object",
        "description": "Attributes and contact fields without a key of their own, by name.",
    },
    "dateOfBirth": text_or_null(format="date"),
    "email": text_or_null(),
    "externalId": text_or_null("The id of the person in your own system."),
    "firstName": text_or_null(),
    "gender": text_or_null(),
    "language": text_or_null("A code such as sv."),
    "lastName": text_or_null(),
    "marketingGroupId": text_or_null(),
    "memberNumber": text_or_null(),
    "mobilePhone": text_or_null("E.164, such as +46701234567."),
    "postalCode": text_or_null(),
    "registrationByStoreId": text_or_null(),
    "registrationDate": text_or_null(format="date-time"),
    "registrationSourceType": text_or_null(),
    "registrationSpecificSource": text_or_null(),
    "street": text_or_null(),
    "swedishFinnishPersonalIdentityNumber": text_or_null(
        "Null when there is none. Left out when there is one: it is stored encrypted, and events "
        "are not."
    ),
}
# Keys of the snapshot that are attributes here: no field of a contact stands for them.
SNAPSHOT_ATTRIBUTES: Final = (
    "memberNumber",
    "contactTypeId",
    "marketingGroupId",
    "registrationByStoreId",
    "registrationDate",
    "registrationSourceType",
    "registrationSpecificSource",
)
PERSONAL_IDENTITY_KEY: Final = "swedishFinnishPersonalIdentityNumber"
_REQUIRED: Final = tuple(key for key in _SNAPSHOT if key != PERSONAL_IDENTITY_KEY)

_EXAMPLE: Final[dict[str, Any]] = {
    "careOf": "c/o John Smith",
    "city": "Stockholm",
    "contactId": _EXAMPLE_ID,
    "contactTypeId": "Member",
    "countryCode": "SE",
    "creationTime": "2024-03-15T10:30:15Z",
    "customAttributes": {"myCustomAttribute": "myCustomAttributeValue"},
    "dateOfBirth": "2004-02-17",
    "email": "john.doe@example.com",
    "externalId": "CRM-12345",
    "firstName": "John",
    "gender": "male",
    "language": "sv",
    "lastName": "Doe",
    "marketingGroupId": "ce62abff-aeb5-45b1-90f0-909194f33c29",
    "memberNumber": "1234567",
    "mobilePhone": "+46701234567",
    "postalCode": "11122",
    "registrationByStoreId": "560d70fe-7a47-43af-87d4-875afe4f8cc3",
    "registrationDate": "2024-03-15T10:30:00Z",
    "registrationSourceType": "API",
    "registrationSpecificSource": "newsletter-signup",
    "street": "Storgatan 1",
    PERSONAL_IDENTITY_KEY: None,
}

_CHANGED_VALUES: Final[Schema] = {
    "type": "array",
    "description": "What changed. Of the personal identity number only the path is told.",
    "items": {
        "type": "object",
        "properties": {
            "path": text("Key of the snapshot in PascalCase; CustomAttributes.<name>."),
            "previousValue": {},
            "value": {},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
}


def preference_type(channel: Channel) -> str:
    return f"contact.{PREFERENCE_KEYS[channel]}.changed"


def _contact(key: str, label: str, description: str, schema: Schema, example: Any) -> EventType:
    return EventType(
        key=key,
        group=Group.CONTACTS,
        label=label,
        description=description,
        schema=schema,
        example=example,
    )


def _preference(channel: Channel, word: str) -> EventType:
    key = PREFERENCE_KEYS[channel]
    return _contact(
        preference_type(channel),
        f"{word[0].upper()}{word[1:]} preference changed",
        f"The {word} preference of a contact changed. Never sent for the preferences that a new "
        "contact begins with.",
        object_schema(
            {
                "contactId": _CONTACT_ID,
                key: yes_or_no(),
                "previousValue": yes_or_no("False also where the contact was never asked."),
            }
        ),
        {"contactId": _EXAMPLE_ID, key: True, "previousValue": False},
    )


CONTACT_EVENT_TYPES: Final = (
    _contact(
        CREATED,
        "Contact created",
        "A contact was created; holds the whole contact, without preferences and consents.",
        object_schema(_SNAPSHOT, required=_REQUIRED),
        _EXAMPLE,
    ),
    _contact(
        UPDATED,
        "Contact updated",
        "A value of a contact changed; holds the whole contact and what changed.",
        object_schema(
            {
                **_SNAPSHOT,
                "changedValues": _CHANGED_VALUES,
                "updatedViaSourceType": text("API, Webhook, Onsite or Workflow."),
                "updatedWithSpecificSource": text("Name of the source, key or page that told it."),
            },
            required=(
                *_REQUIRED,
                "changedValues",
                "updatedViaSourceType",
                "updatedWithSpecificSource",
            ),
        ),
        {
            **_EXAMPLE,
            "changedValues": [
                {
                    "path": "Email",
                    "previousValue": "john.old@example.com",
                    "value": "john.doe@example.com",
                }
            ],
            "updatedViaSourceType": "API",
            "updatedWithSpecificSource": "myEcom",
        },
    ),
    _contact(
        DELETED,
        "Contact deleted",
        "A contact was erased, or became one with another. Holds no e-mail: keep the contactId of "
        "contacts that you know.",
        object_schema({"contactId": _CONTACT_ID, "deletionReason": text()}),
        {
            "contactId": "d3bdcad4-3f90-46ce-be4c-b3d800dc7979",
            "deletionReason": "cancelled membership",
        },
    ),
    _preference(Channel.EMAIL, "e-mail"),
    _preference(Channel.SMS, "SMS"),
    _preference(Channel.POSTAL, "postal"),
    _contact(
        CONSENT,
        "Consent changed",
        "A contact answered yes or no to a consent. Never sent for the consents that a new contact "
        "begins with.",
        object_schema(
            {
                "contactId": _CONTACT_ID,
                "consentId": text(),
                "value": yes_or_no(),
                "previousValue": {
                    "type": ["boolean", "null"],
                    "description": "Null when it was not set before.",
                },
                "date": instant("When the person answered, as the source says."),
                "source": text(),
                "comment": text(),
            }
        ),
        {
            "contactId": _EXAMPLE_ID,
            "consentId": "memberConsent",
            "value": True,
            "previousValue": None,
            "date": "2024-03-15T10:31:00Z",
            "source": "myEcom",
            "comment": "",
        },
    ),
)
