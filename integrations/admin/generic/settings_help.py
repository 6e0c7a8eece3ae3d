"""The label of each setting of a Generic API, and what the form says beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Field
from django.utils.text import capfirst

from integrations.models import GenericApi

# Said where the vendor's documentation is silent, so that nobody searches it in vain.
UNPUBLISHED: Final = (
    "The vendor publishes neither header names nor what is signed. Ask whoever runs the "
    "retailer's API what it expects; the defaults are ours."
)

HELP: Final[Mapping[str, str]] = {
    "header_name": "The header that carries the value.",
    "header_value": "The whole value, such as “Bearer …” when the API asks for that word.",
    "hmac_secret": "Known to both sides, and never sent. Its UTF-8 text is the key.",
    "hmac_header": "The header that carries the signature.",
    "hmac_prefix": "Stands in front of the signature, such as sha256=. Usually empty.",
    "hmac_signs": "A look-up has no body: its query string is signed in place of one.",
    "hmac_timestamp_header": "Carries the seconds since 1970. The receiver can refuse old "
    "requests by it; Patchbay refuses those that are 300 seconds off.",
    "api_key_name": "The name of the header, or of the query parameter.",
    "api_key_value": "Sent as it stands.",
    "api_key_place": "A key in the query ends up in access logs. Prefer a header.",
    "lookup_url": "Called to see whether a contact exists. 200 is known, 404 is unknown.",
    "write_url": "Called to create a contact, or to update one with new data and consents. "
    "200 is updated, 201 is created.",
    "write_method": "The vendor sends POST. Some APIs want PUT or PATCH.",
    "email_key": "The name of the e-mail address in the JSON and in the look-up, not an address.",
    "phone_key": "The name of the mobile phone number.",
    "name_key": "The name of the customer's full name: one field for first and last.",
    "personal_identity_key": "The name of the social security number; in Sweden the personal "
    "number.",
    "lookup_sends": "Those that are known of a visitor go into the query string of the look-up, "
    "and query strings end up in access logs. Leave the personal identity out unless the API "
    "needs it.",
    "ignored_codes": "Codes that do not count as errors: the visitor goes on and nothing is "
    "logged as an error. Codes and ranges, such as 404, 409, 500-599. Empty: every unexpected "
    "code blocks the visitor.",
    "connect_seconds": "Seconds to wait for a connection.",
    "total_seconds": "Seconds for the whole call, at most 30. A visitor is waiting.",
    "extra_headers": "One on each line, as Name: value. Sent with every call. A stored value is "
    "never shown: leave ••• to keep it, write over it to replace it, remove the line to drop it.",
    "verify_tls": "Without the check anybody on the way can read and change what is sent.",
    "is_active": "The flow of visitors calls this API. Switched off, Patchbay's own contacts "
    "are asked.",
    "is_served": "Onsite may call Patchbay in place of the retailer's API, with the same method, "
    "keys and options.",
}


def setting_label(name: str) -> str:
    """Return the label of a setting, to the letter where the vendor's form has one."""
    field = GenericApi._meta.get_field(name)
    assert isinstance(field, Field)
    return str(capfirst(str(field.verbose_name)))
