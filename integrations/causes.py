"""Why a request was refused: stable codes, each with the sentence that says how to fix it."""

from __future__ import annotations

from enum import StrEnum


class RejectionCause(StrEnum):
    MISSING_SIGNATURE = "MISSING_SIGNATURE"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    STALE_TIMESTAMP = "STALE_TIMESTAMP"
    MISSING_TOKEN = "MISSING_TOKEN"  # noqa: S105
    BAD_TOKEN = "BAD_TOKEN"  # noqa: S105
    ADDRESS_NOT_ALLOWED = "ADDRESS_NOT_ALLOWED"
    SECRET_NOT_SET = "SECRET_NOT_SET"  # noqa: S105
    SOURCE_DISABLED = "SOURCE_DISABLED"
    THROTTLED = "THROTTLED"
    TOO_LARGE = "TOO_LARGE"
    EMPTY_BODY = "EMPTY_BODY"
    INCOMPLETE_BODY = "INCOMPLETE_BODY"
    UNSUPPORTED_ENCODING = "UNSUPPORTED_ENCODING"
    BAD_JSON = "BAD_JSON"
    BAD_XML = "BAD_XML"
    BAD_BODY = "BAD_BODY"
    INVALID_FIELDS = "INVALID_FIELDS"
    NO_IDENTITY = "NO_IDENTITY"
    CONTACT_UNKNOWN = "CONTACT_UNKNOWN"
    BAD_PARAMETER = "BAD_PARAMETER"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


FIXES: dict[RejectionCause, str] = {
    RejectionCause.MISSING_SIGNATURE: (
        "The request carried no signature. Switch signing on at the sender, or check that a proxy "
        "in between passes its headers on."
    ),
    RejectionCause.BAD_SIGNATURE: (
        "The signature does not fit the body. Copy the signing secret from the sender's page "
        "again, replace it here, and make sure nothing in between changes the body."
    ),
    RejectionCause.STALE_TIMESTAMP: (
        "The signed time is more than five minutes off. Check the clocks of both machines; a "
        "request that was captured and sent again looks the same and stays refused."
    ),
    RejectionCause.MISSING_TOKEN: (
        "The request carried no token, user name or password. Copy the full URL from the source's "
        "page again, or set the header that the source expects at the sender."
    ),
    RejectionCause.BAD_TOKEN: (
        "The token, user name or password is not this source's. Copy it from the sender's page "
        "again and replace it here, or copy the URL from here to the sender."
    ),
    RejectionCause.ADDRESS_NOT_ALLOWED: (
        "The sender's address is not on this source's list. Add it, or empty the list to take any."
    ),
    RejectionCause.SECRET_NOT_SET: (
        "This source has no secret, or one that is too short, so nothing can be verified. Set one."
    ),
    RejectionCause.SOURCE_DISABLED: (
        "The source is switched off. Switch it on, then ask the sender to resend."
    ),
    RejectionCause.THROTTLED: (
        "Too many requests in a short time. The sender should try again later; raise the limit of "
        "the source if this traffic is expected."
    ),
    RejectionCause.TOO_LARGE: (
        "The body is larger than this source takes. Ask the sender for smaller batches."
    ),
    RejectionCause.EMPTY_BODY: "The body was empty. Check what the sender is set to post.",
    RejectionCause.INCOMPLETE_BODY: (
        "Fewer bytes came than the sender announced. The connection was cut; the sender should "
        "try again."
    ),
    RejectionCause.UNSUPPORTED_ENCODING: (
        "The body was compressed or not in UTF-8. Switch compression off at the sender."
    ),
    RejectionCause.BAD_JSON: (
        "The body is not valid JSON. The place is named; correct it at the sender."
    ),
    RejectionCause.BAD_XML: (
        "The body is not valid XML. The place is named; correct it at the sender."
    ),
    RejectionCause.BAD_BODY: "The body is well-formed but not what this kind of source sends.",
    RejectionCause.INVALID_FIELDS: (
        "Fields of the event are missing or do not fit; each is named. Correct them at the sender, "
        "or change the event's fields and take the request in again."
    ),
    RejectionCause.NO_IDENTITY: (
        "The event of a page or app names nobody: neither a tracker id nor an e-mail. Correct it "
        "at the sender, or make the e-mail among its fields the primary key and take it in again."
    ),
    RejectionCause.CONTACT_UNKNOWN: (
        "No contact of the site has this e-mail, and the sender did not ask to create one. Send "
        "with createContact=true if contacts may be created."
    ),
    RejectionCause.BAD_PARAMETER: (
        "A parameter of the URL cannot be taken; it is named. Correct the URL at the sender."
    ),
    RejectionCause.UNSUPPORTED_MEDIA_TYPE: (
        "The body was not named as JSON. Set the header Content-Type: application/json at the "
        "sender."
    ),
}
