from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import Endpoint, JsonSchema, Problem, in_path, in_query, ref
from common.endpoint.description.shapes import (
    AT,
    COUNT,
    FLAG,
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
from sites.api_keys.key_operations import body_of, found
from webhooks.api.api_description.shared import BY_JOB, SINCE, UNTIL, reading, writing
from webhooks.api.received_event_views import NOT_REPLAYABLE
from webhooks.inbound.models import Outcome, Status

_SOURCE_ID: Final = "src_0a1B2c3D4e5F6g7H8i9J0k"
_RECEIVED: Final[Mapping[str, Any]] = {
    "id": UUID,
    "sourceId": TEXT,
    "eventType": TEXT,
    "eventId": described(TEXT, "The sender's own id."),
    "receivedAt": AT,
    "processedAt": or_null(AT),
    "status": {"enum": Status.values},
    "cause": TEXT,
    "reason": TEXT,
    "tries": COUNT,
    **{f"rows{each}": COUNT for each in ("Applied", "Unchanged", "Ignored", "Quarantined")},
    "bodyBytes": COUNT,
}
RECEIVED_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Source": shape(
        {
            "id": TEXT,
            "name": TEXT,
            "preset": TEXT,
            "address": described(TEXT, "Where its sender posts to, without a secret."),
            "isActive": FLAG,
            "createdAt": AT,
            "updatedAt": AT,
            "lastReceivedAt": or_null(AT),
        }
    ),
    "Sources": page_of("Source"),
    "ReceivedEvent": shape(_RECEIVED, "One accepted request."),
    "ReceivedEvents": page_of("ReceivedEvent"),
    "ReceivedEventDetail": shape(
        {
            **_RECEIVED,
            "outcomes": {
                "type": "array",
                "description": "What became of its rows, the first 200.",
                "items": shape(
                    {
                        "position": COUNT,
                        "eventType": TEXT,
                        "eventId": TEXT,
                        "outcome": {"enum": Outcome.values},
                        "cause": TEXT,
                        "reason": TEXT,
                        "contactId": or_null(UUID),
                    }
                ),
            },
            "history": {"type": "array", "items": {"type": "object"}},
            "body": {"anyOf": [ref("ShownBody"), {"type": "null"}]},
        }
    ),
    "Replay": shape({"includeProcessed": FLAG}, required=()),
}
_SOURCE: Final = {
    "id": _SOURCE_ID,
    "name": "Engage",
    "preset": "voyado_engage",
    "address": f"https://patchbay.example.com/in/{_SOURCE_ID}",
    "isActive": True,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "lastReceivedAt": MOMENT,
}
_EVENT: Final = {
    "id": ROW_ID,
    "sourceId": _SOURCE_ID,
    "eventType": "contact.updated",
    "eventId": "",
    "receivedAt": MOMENT,
    "processedAt": MOMENT,
    "status": "processed",
    "cause": "",
    "reason": "",
    "tries": 1,
    "rowsApplied": 1,
    "rowsUnchanged": 0,
    "rowsIgnored": 0,
    "rowsQuarantined": 0,
    "bodyBytes": 512,
}
_EVENT_ID: Final = in_path("event_id", "The id of the received event.", ROW_ID, format="uuid")

RECEIVED_ENDPOINTS: Final = (
    Endpoint(
        url_name="management-sources",
        operations={
            "get": reading(
                "listSources",
                "List sources",
                found("A page, newest first.", "Sources", page(_SOURCE)),
                parameters=PAGING,
            )
        },
    ),
    Endpoint(
        url_name="management-source",
        parameters=(in_path("public_id", "The id of the source.", _SOURCE_ID),),
        operations={
            "get": reading("readSource", "Read a source", found("It.", "Source", _SOURCE)),
        },
    ),
    Endpoint(
        url_name="management-received-events",
        operations={
            "get": reading(
                "listReceivedEvents",
                "List what came in",
                found("A page, newest first.", "ReceivedEvents", page(_EVENT)),
                parameters=(
                    in_query("source", "By this source.", ""),
                    in_query("status", "In this state.", "failed", enum=Status.values),
                    in_query("eventType", "Of this type.", ""),
                    in_query("cause", "In trouble for this cause.", ""),
                    in_query("eventId", "The sender's own id.", ""),
                    SINCE,
                    UNTIL,
                    *PAGING,
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-received-event",
        parameters=(_EVENT_ID,),
        operations={
            "get": reading(
                "readReceivedEvent",
                "Read a received event with what became of it",
                found(
                    "The event.",
                    "ReceivedEventDetail",
                    {
                        **_EVENT,
                        "outcomes": [
                            {
                                "position": 0,
                                "eventType": "contact.updated",
                                "eventId": "",
                                "outcome": "applied",
                                "cause": "",
                                "reason": "",
                                "contactId": ROW_ID,
                            }
                        ],
                        "history": [],
                        "body": {"text": "{}", "isCut": False, "isMasked": False},
                    },
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-received-event-replay",
        parameters=(_EVENT_ID,),
        operations={
            "post": writing(
                "replayReceivedEvent",
                "Process a received event again",
                (
                    BY_JOB,
                    Problem(
                        status=409,
                        code=NOT_REPLAYABLE,
                        when="it cannot be replayed now; `detail` says why.",
                        detail=("This event waits for a worker already, or is being processed."),
                    ),
                ),
                body=body_of(
                    "Replay", {"also_processed": {"includeProcessed": True}}, is_required=False
                ),
                is_once=True,
            )
        },
    ),
)
