"""Who entered and who left a segment."""

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

ENTERED: Final = "segment.entered"
LEFT: Final = "segment.left"

_PROPERTIES: Final[dict[str, Schema]] = {
    "contactId": text("The contact in Patchbay.", format="uuid"),
    "email": text_or_null(),
    "mobilePhone": text_or_null(),
    "externalId": text_or_null(),
    "segmentId": text(format="uuid"),
    "segmentName": text(),
    "at": instant("When the segment was computed."),
}
_EXAMPLE: Final[dict[str, Any]] = {
    "contactId": "515c1b2a-7124-4bb9-826b-aedbbe5da8c4",
    "email": "alva.lind@example.com",
    "mobilePhone": "+46701234567",
    "externalId": None,
    "segmentId": "019577a4-5b7e-7cc3-98c4-dc0c0c07398f",
    "segmentName": "Bought twice this spring",
    "at": "2024-03-15T10:30:15Z",
}

SEGMENT_EVENT_TYPES: Final = (
    EventType(
        key=ENTERED,
        group=Group.SEGMENTS,
        label="Segment entered",
        description=(
            "A contact is in a segment since its last computation. Who is in it at the first one "
            "is not told."
        ),
        schema=object_schema(_PROPERTIES),
        example=_EXAMPLE,
    ),
    EventType(
        key=LEFT,
        group=Group.SEGMENTS,
        label="Segment left",
        description="A contact is not in a segment any more since its last computation.",
        schema=object_schema(_PROPERTIES),
        example=_EXAMPLE,
    ),
)
