from __future__ import annotations

from typing import Final

from common.endpoint.description import Endpoint, Problem, in_path, in_query
from common.endpoint.description.shapes import PAGING, ROW_ID, page
from sites.api_keys.key_operations import body_of, found
from webhooks.api.api_description.delivery_schemas import DELIVERY, DELIVERY_DETAIL, EVENT, PLAN
from webhooks.api.api_description.shared import BY_JOB, JOB, SINCE, UNTIL, reading, writing
from webhooks.api.delivery_views import NOT_CANCELLABLE, NOT_RESENDABLE
from webhooks.api.recovery_views import NOTHING_TO_SEND
from webhooks.outbound.recovering.conditions import CODE_CLASSES, ERRORS, STATES, TRIES
from webhooks.outbound.recovering.recover_filter import Mode

_MESSAGE: Final = in_query("messageId", "The message id.", "")
_OF_DELIVERIES: Final = (
    in_query("subscription", "The id of a subscription.", ""),
    in_query("state", "In this state.", "failed", enum=list(STATES)),
    in_query("eventType", "Of this type.", ""),
    in_query("code", "By the last answer.", "5xx", enum=list(CODE_CLASSES)),
    in_query("error", "By the last failure.", "status", enum=list(ERRORS)),
    in_query("tries", "By how often it was tried.", "1", enum=list(TRIES)),
    SINCE,
    UNTIL,
)
_EVENTS: Final = (
    in_query("type", "Of this type.", ""),
    in_query("contact", "About this contact.", ROW_ID, format="uuid"),
    in_query("receivedEvent", "Caused by what came in.", ROW_ID, format="uuid"),
    _MESSAGE,
    SINCE,
    UNTIL,
    *PAGING,
)
_DELIVERY_ID: Final = in_path("delivery_id", "The id of the delivery.", ROW_ID, format="uuid")
_JOB_ID: Final = in_path("job_id", "The id of the job.", "17", type="integer")
_UNDER_WAY: Final = "It is on its way already. Wait for its end, or cancel it first."
_TOO_LATE: Final = "It is being sent at this moment, or has ended meanwhile."

_LISTS: Final = (
    Endpoint(
        url_name="management-events",
        operations={
            "get": reading(
                "listEvents",
                "List what happened",
                found("A page, newest first.", "Events", page(EVENT)),
                parameters=_EVENTS,
            )
        },
    ),
    Endpoint(
        url_name="management-event",
        parameters=(in_path("event_id", "The id of the event.", ROW_ID, format="uuid"),),
        operations={
            "get": reading(
                "readEvent",
                "Read an event with its payload",
                found(
                    "The event.",
                    "EventDetail",
                    {**EVENT, "payload": {"contactId": ROW_ID}, "isMasked": False},
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-deliveries",
        operations={
            "get": reading(
                "listDeliveries",
                "List deliveries",
                found("A page, newest first.", "Deliveries", page(DELIVERY)),
                parameters=(
                    *_OF_DELIVERIES,
                    in_query("event", "Of this event.", ROW_ID, format="uuid"),
                    _MESSAGE,
                    *PAGING,
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-delivery",
        parameters=(_DELIVERY_ID,),
        operations={
            "get": reading(
                "readDelivery",
                "Read a delivery with its attempts",
                found("The delivery.", "DeliveryDetail", DELIVERY_DETAIL),
            )
        },
    ),
)
_ACTS: Final = (
    Endpoint(
        url_name="management-delivery-resend",
        parameters=(_DELIVERY_ID,),
        operations={
            "post": writing(
                "resendDelivery",
                "Send a delivery again",
                (
                    found(
                        "A new delivery under the same message id.",
                        "Delivery",
                        {**DELIVERY, "status": "pending", "trigger": "replay"},
                        201,
                    ),
                    Problem(
                        status=409,
                        code=NOT_RESENDABLE,
                        when="it cannot be sent again now; `detail` says why.",
                        detail=_UNDER_WAY,
                    ),
                ),
                body=body_of("Resend", {"confirmed": {"confirmed": True}}, is_required=False),
                is_once=True,
            )
        },
    ),
    Endpoint(
        url_name="management-delivery-cancel",
        parameters=(_DELIVERY_ID,),
        operations={
            "post": writing(
                "cancelDelivery",
                "Take back what has not gone out",
                (
                    found(
                        "It is cancelled, with the batch that it is part of.",
                        "Delivery",
                        {**DELIVERY, "status": "cancelled"},
                    ),
                    Problem(
                        status=409,
                        code=NOT_CANCELLABLE,
                        when="it is too late.",
                        detail=_TOO_LATE,
                    ),
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-recovery-plan",
        operations={
            "get": reading(
                "planRecovery",
                "What a recovery would send",
                found("The plan; nothing is sent.", "RecoveryPlan", PLAN),
                parameters=(
                    in_query("mode", "What failed, or what is missing.", "again", enum=[*Mode]),
                    *_OF_DELIVERIES,
                    in_query("upperId", "Nothing after this one.", ROW_ID, format="uuid"),
                    in_query(
                        "includeSucceeded", "What had arrived too.", "false", enum=["true", "false"]
                    ),
                ),
            )
        },
    ),
    Endpoint(
        url_name="management-recoveries",
        operations={
            "post": writing(
                "startRecovery",
                "Send again what a plan says",
                (
                    BY_JOB,
                    Problem(
                        status=409,
                        code=NOTHING_TO_SEND,
                        when="nothing fits.",
                        detail="Nothing here can be sent again.",
                    ),
                ),
                body=body_of("Recovery", {"since_yesterday": {"since": "2026-11-20T08:00:00Z"}}),
                is_once=True,
            )
        },
    ),
    Endpoint(
        url_name="management-job",
        parameters=(_JOB_ID,),
        operations={
            "get": reading("readJob", "How far a job is", found("The job.", "Job", JOB)),
        },
    ),
    Endpoint(
        url_name="management-job-cancel",
        parameters=(_JOB_ID,),
        operations={
            "post": writing(
                "cancelJob",
                "Stop a job after its current step",
                (found("The job.", "Job", {**JOB, "isCancelRequested": True}),),
            )
        },
    ),
)

_SEND: Final = Endpoint(
    url_name="management-send-event",
    parameters=(in_path("event_id", "The id of the send event.", "5f0c1e2d3b4a59687766a5b4"),),
    operations={
        "post": writing(
            "sendEvent",
            "Send an event of your own",
            (
                found(
                    "Subscriptions are told of it by and by.",
                    "SentToSubscriptions",
                    {"eventId": ROW_ID, "deliveries": 2},
                    202,
                ),
            ),
            description="The fields of the event are defined in the console.",
            body=body_of("SendEventValues", {"values": {"values": {"code": "A", "total": 12.3}}}),
            is_once=True,
        )
    },
)

DELIVERY_ENDPOINTS: Final = (*_LISTS, *_ACTS, _SEND)
