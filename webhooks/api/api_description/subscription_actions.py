from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import Answer, Endpoint, JsonSchema, Operation, Problem
from common.endpoint.description.shapes import (
    AT,
    MOMENT,
    ROW_ID,
    TEXT,
    UUID,
    described,
    or_null,
    shape,
)
from sites.api_keys.key_operations import Answers, body_of, found
from webhooks.api.api_description.delivery_schemas import DELIVERY_DETAIL
from webhooks.api.api_description.shared import BY_JOB, writing
from webhooks.api.api_description.subscription_endpoints import NAMED
from webhooks.api.api_description.subscription_schemas import SECRET, SUBSCRIPTION
from webhooks.api.subscription_actions import (
    DISABLED_DETAIL,
    IS_DISABLED,
    UNSIGNED,
    UNSIGNED_DETAIL,
)
from webhooks.outbound.holding.plan import Choice
from webhooks.outbound.portal.links import LEAST_SECONDS, LONGEST_NAME, LONGEST_SECONDS
from webhooks.outbound.subscriptions.limits import LONGEST_OVERLAP_SECONDS

ACTION_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Pause": shape({"reason": {**TEXT, "maxLength": 500}}, required=()),
    "WhatWasHeld": shape(
        {
            "held": {
                "enum": Choice.values,
                "description": (
                    "What becomes of what was held: send all of it, the latest of each contact "
                    "and event type, or none."
                ),
            }
        },
        required=(),
    ),
    "Rotation": shape(
        {
            "overlapSeconds": {
                "type": "integer",
                "minimum": 0,
                "maximum": LONGEST_OVERLAP_SECONDS,
                "description": "How long the old one signs along; a day unless given.",
            },
            "secret": described(TEXT, "One of your own."),
        },
        required=(),
    ),
    "RotatedSecret": shape(
        {
            "secret": described(TEXT, "Shown here alone."),
            "previousSecretUntil": or_null(AT, "Null where only one can be checked."),
        }
    ),
    "Test": shape(
        {
            "eventType": described(TEXT, "Sends the example of this type."),
            "eventId": described(UUID, "Sends what happened, under a message id of its own."),
        },
        "One of the two.",
        required=(),
    ),
    "NewPortalLink": shape(
        {
            "name": {
                **TEXT,
                "maxLength": LONGEST_NAME,
                "description": "Whom it is for: the audit log names them so.",
            },
            "seconds": {
                "type": "integer",
                "minimum": LEAST_SECONDS,
                "maximum": LONGEST_SECONDS,
                "description": "How long it lasts; an hour unless given.",
            },
        },
        required=(),
    ),
    "PortalLink": shape(
        {"url": described(TEXT, "Whoever has it may use it."), "name": TEXT, "expiresAt": AT}
    ),
}
_DONE: Final = found("As it is now.", "Subscription", SUBSCRIPTION)
_DISABLED: Final = Problem(
    status=409,
    code=IS_DISABLED,
    when="policy disabled it.",
    detail=DISABLED_DETAIL,
)


def _act(
    act: str, operation_id: str, summary: str, answers: Answers, **more: Any
) -> tuple[str, Operation]:
    return act, writing(operation_id, summary, answers, **more)


_ACTS: Final = dict(
    (
        _act(
            "pause",
            "pauseSubscription",
            "Pause: what happens from now on is held",
            (_DONE,),
            body=body_of("Pause", {"why": {"reason": "The warehouse moves."}}, is_required=False),
        ),
        _act(
            "resume",
            "resumeSubscription",
            "Resume after a pause",
            (_DONE, BY_JOB, _DISABLED),
            description="With much to deal with, a job does it first and then resumes.",
            body=body_of("WhatWasHeld", {"latest": {"held": "thin"}}, is_required=False),
        ),
        _act(
            "enable",
            "enableSubscription",
            "Enable what policy disabled, or resume",
            (_DONE, BY_JOB),
            body=body_of("WhatWasHeld", {"all": {"held": "release"}}, is_required=False),
        ),
        _act(
            "rotate-secret",
            "rotateSecret",
            "Make a new signing secret",
            (
                found(
                    "The new one signs from now on.",
                    "RotatedSecret",
                    {"secret": SECRET, "previousSecretUntil": MOMENT},
                ),
                Problem(
                    status=409,
                    code=UNSIGNED,
                    when="it signs by no secret, such as Basic.",
                    detail=UNSIGNED_DETAIL,
                ),
            ),
            body=body_of("Rotation", {"two_days": {"overlapSeconds": 172800}}, is_required=False),
            is_once=True,
        ),
        _act(
            "test",
            "testSubscription",
            "Send one event now and wait for the answer",
            (
                found(
                    "It was sent once; `status` says whether it arrived.",
                    "DeliveryDetail",
                    {**DELIVERY_DETAIL, "trigger": "test"},
                ),
            ),
            description="Works while paused or disabled too. A key may test once a second.",
            body=body_of("Test", {"example": {"eventType": "contact.deleted"}}),
        ),
    )
)

ACTION_ENDPOINTS: Final = (
    *(
        Endpoint(
            url_name=f"management-subscription-{act}",
            parameters=(NAMED,),
            operations={"post": operation},
        )
        for act, operation in _ACTS.items()
    ),
    Endpoint(
        url_name="management-subscription-portal-links",
        parameters=(NAMED,),
        operations={
            "post": writing(
                "createPortalLink",
                "A link to the portal for whoever runs the receiver",
                (
                    found(
                        "The link, shown this once.",
                        "PortalLink",
                        {
                            "url": f"https://patchbay.example.com/portal/{ROW_ID}",
                            "name": "Warehouse",
                            "expiresAt": MOMENT,
                        },
                        201,
                    ),
                ),
                body=body_of(
                    "NewPortalLink",
                    {"a_day": {"name": "Warehouse", "seconds": 86400}},
                    is_required=False,
                ),
                is_once=True,
            ),
            "delete": writing(
                "revokePortalLinks",
                "Revoke every link to the portal",
                (Answer(status=204, description="None that was made before opens anything."),),
            ),
        },
    ),
)
