"""What became of visitors of Onsite campaigns. Who they are is in the contact, not in here."""

from __future__ import annotations

from typing import Any, Final

from webhooks.outbound.event_types.event_type import (
    EventType,
    Group,
    Schema,
    instant,
    object_schema,
    text,
    text_or_null,
)

CONTINUED: Final = "onsite.submission.continued"
BLOCKED: Final = "onsite.submission.blocked"

_PROPERTIES: Final[dict[str, Schema]] = {
    "submissionId": text(format="uuid"),
    "contactId": text_or_null("The contact in Patchbay, once there is one.", format="uuid"),
    "role": text("ambassador, friend or signup.", enum=["ambassador", "friend", "signup"]),
    "redeal": text("The tag that the visitor got, empty when none was decided."),
    "isKnown": {
        "type": ["boolean", "null"],
        "description": "Whether the look-up found the visitor; null when it was not answered.",
    },
    "hasConverted": {"type": "boolean"},
    "register": text("Where visitors are looked up.", enum=["generic_api", "patchbay"]),
    "lookup": text("Outcome of the look-up, empty when there was none."),
    "write": text("Outcome of the create or update, empty when there was none."),
    "receivedAt": instant(),
    "finishedAt": instant(),
}
_EXAMPLE: Final[dict[str, Any]] = {
    "submissionId": "019577a4-5b7e-7cc3-98c4-dc0c0c07398f",
    "contactId": "515c1b2a-7124-4bb9-826b-aedbbe5da8c4",
    "role": "friend",
    "redeal": "NewFriend",
    "isKnown": False,
    "hasConverted": False,
    "register": "generic_api",
    "lookup": "not_found",
    "write": "created",
    "receivedAt": "2024-03-15T10:30:15Z",
    "finishedAt": "2024-03-15T10:30:16Z",
}

ONSITE_EVENT_TYPES: Final = (
    EventType(
        key=CONTINUED,
        group=Group.ONSITE,
        label="Submission continued",
        description="A visitor went through: looked up, tagged, created or updated.",
        schema=object_schema(_PROPERTIES),
        example=_EXAMPLE,
    ),
    EventType(
        key=BLOCKED,
        group=Group.ONSITE,
        label="Submission blocked",
        description="A visitor was stopped: a call failed with a code that is not ignored.",
        schema=object_schema(
            {**_PROPERTIES, "code": text("A stable code."), "reason": text("A sentence.")}
        ),
        example={
            **_EXAMPLE,
            "contactId": None,
            "redeal": "",
            "isKnown": None,
            "lookup": "blocked",
            "write": "",
            "code": "LOOKUP_STATUS",
            "reason": "The API answered 500, which is neither expected nor on the list of ignored "
            "codes.",
        },
    ),
)
