"""The contact API for the schema: contacts, their fields, preferences and consents."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Group
from contacts.api_description.consent_endpoints import CONSENT_ENDPOINTS, CONSENT_SCHEMAS
from contacts.api_description.contact_endpoints import CONTACT_ENDPOINTS
from contacts.api_description.contact_schemas import CONTACT_SCHEMAS
from contacts.api_description.field_endpoints import FIELD_ENDPOINTS, FIELD_SCHEMAS
from contacts.api_description.preference_endpoint import PREFERENCE_ENDPOINT, PREFERENCE_SCHEMAS

CONTACTS: Final = Group(
    tag="Contacts",
    description=(
        "Read and write the contacts of the key's site. System fields begin with an underscore, "
        "fields of the site do not."
    ),
    endpoints=(*CONTACT_ENDPOINTS, PREFERENCE_ENDPOINT),
    schemas={**CONTACT_SCHEMAS, **PREFERENCE_SCHEMAS},
)
CONTACT_FIELDS: Final = Group(
    tag="Contact fields",
    description="The fields that a site keeps of its contacts besides the system's own.",
    endpoints=FIELD_ENDPOINTS,
    schemas=FIELD_SCHEMAS,
)
CONSENTS: Final = Group(
    tag="Consents",
    description=(
        "What the site asks its contacts for, in which words, and what each of them answered. "
        "Yes or no: an answer is never taken back to “not set”."
    ),
    endpoints=CONSENT_ENDPOINTS,
    schemas=CONSENT_SCHEMAS,
)
