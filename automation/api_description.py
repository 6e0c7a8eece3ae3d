"""Segments for the schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from common.endpoint.description import (
    Endpoint,
    Group,
    JsonSchema,
    in_path,
)
from common.endpoint.description.shapes import (
    AT,
    COUNT,
    MOMENT,
    PAGING,
    ROW_ID,
    TEXT,
    UUID,
    described,
    or_null,
    page,
    page_of,
    shape,
)
from sites.api_keys.key_operations import found, reading
from sites.models import Scope

_SEGMENT: Final[dict[str, JsonSchema]] = {
    "id": UUID,
    "name": TEXT,
    "description": TEXT,
    "everyMinutes": or_null(COUNT, "How often it is computed; null: only when somebody asks."),
    "memberCount": COUNT,
    "computedAt": or_null(AT, "The moment that its members are of; null: not computed yet."),
    "computedMs": or_null(COUNT, "How long that took, in milliseconds."),
    "trouble": described(TEXT, "Why the last computation did not end; empty when it did."),
    "createdAt": AT,
    "updatedAt": AT,
}
_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Segment": shape(_SEGMENT, "A saved, counted set of contacts."),
    "Segments": page_of("Segment"),
    "SegmentDetail": shape(
        {
            **_SEGMENT,
            "words": described(TEXT, "The rule in English."),
            "rule": described({"type": "object"}, "The rule, as docs/segments.md describes it."),
        }
    ),
    "SegmentMember": shape(
        {
            "contactId": UUID,
            "email": or_null(TEXT),
            "mobilePhone": or_null(TEXT),
            "externalId": or_null(TEXT),
            "since": described(AT, "The computation that found it first."),
        }
    ),
    "SegmentMembers": page_of("SegmentMember"),
}
_EXAMPLE: Final = {
    "id": ROW_ID,
    "name": "Malmö",
    "description": "",
    "everyMinutes": 180,
    "memberCount": 1,
    "computedAt": MOMENT,
    "computedMs": 12,
    "trouble": "",
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
}
_DETAIL: Final = {
    **_EXAMPLE,
    "words": "City is “Malmö”.",
    "rule": {
        "include": {
            "kind": "group",
            "match": "all",
            "items": [{"kind": "field", "field": "city", "operator": "eq", "value": "Malmö"}],
        },
        "exclude": None,
    },
}
_MEMBER: Final = {
    "contactId": ROW_ID,
    "email": "john.doe@example.org",
    "mobilePhone": None,
    "externalId": "4711",
    "since": MOMENT,
}
_SEGMENT_ID: Final = in_path("segment_id", "The id of the segment.", ROW_ID, format="uuid")
_reading: Final = partial(reading, Scope.CONTACTS_READ)

SEGMENTS: Final = Group(
    tag="Segments",
    description=(
        "Segments of the site and who is in them, as of their last computation. For keys with "
        "`contacts:read`."
    ),
    endpoints=(
        Endpoint(
            url_name="automation-segments",
            operations={
                "get": _reading(
                    "listSegments",
                    "List segments",
                    found("All of them, by name.", "Segments", page(_EXAMPLE)),
                )
            },
        ),
        Endpoint(
            url_name="automation-segment",
            parameters=(_SEGMENT_ID,),
            operations={
                "get": _reading(
                    "readSegment",
                    "Read a segment",
                    found("It, with its rule.", "SegmentDetail", _DETAIL),
                )
            },
        ),
        Endpoint(
            url_name="automation-segment-members",
            parameters=(_SEGMENT_ID,),
            operations={
                "get": _reading(
                    "listSegmentMembers",
                    "List who is in a segment",
                    found("A page, newest contacts first.", "SegmentMembers", page(_MEMBER)),
                    parameters=PAGING,
                )
            },
        ),
    ),
    schemas=_SCHEMAS,
)
