"""The addresses of sources: one for each sender that an operator set up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
    JsonSchema,
    Operation,
    Problem,
    in_path,
    ref,
)
from common.endpoint.description.common_problems import BAD_BODY, BAD_JSON
from integrations.preset import Preset
from integrations.registry import offered_presets
from integrations.samples import CONTENT_TYPES
from webhooks.inbound.api_description.reception_problems import (
    RECEPTION_PROBLEMS,
    not_verified,
    reception_too_large,
)

_SIGNATURE: Final = "WebhookSignature"
_TOKEN: Final = "WebhookToken"  # noqa: S105
_TOKEN_IN_QUERY: Final = "WebhookTokenInQuery"  # noqa: S105
_BASIC: Final = "WebhookBasic"

SOURCE_SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = {
    _SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": (
            "Standard Webhooks: with `webhook-id` and `webhook-timestamp`, or the same three as "
            "`svix-…`. Over the raw body; the time may be five minutes off. A source may ask for "
            "an HMAC in a header of its own instead. Its page shows a signed example."
        ),
    },
    _TOKEN: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A token, in `Authorization: Bearer …` or in a header that the source names",
    },
    _TOKEN_IN_QUERY: {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "A token in the URL, for senders that cannot set headers.",
    },
    _BASIC: {"type": "http", "scheme": "basic", "description": "A user name and a password."},
}
# What a check needs besides these, an address list or nothing, is no credential of the request.
SOURCE_SECURITY: Final = (_SIGNATURE, _TOKEN, _TOKEN_IN_QUERY, _BASIC, "")

SOURCE_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "AcceptedEvent": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "A repeat gets the first's."}
        },
        "additionalProperties": False,
    }
}


def _examples() -> dict[str, dict[str, Any]]:
    """Return a payload of each vendor, by media type and key of the preset."""
    examples: dict[str, dict[str, Any]] = {JSON: {}, CONTENT_TYPES[".xml"]: {}}
    for preset in offered_presets():
        for media_type, named in examples.items():
            body = _first_body(preset, media_type)
            if body is not None:
                named[preset.key] = body
    return examples


def _first_body(preset: Preset, media_type: str) -> Any:
    for sample in preset.samples():
        if sample.content_type == media_type:
            text = sample.body().decode()
            return json.loads(text) if media_type == JSON else text
    return None


SOURCE_ENDPOINT: Final = Endpoint(
    url_name="receive",
    parameters=(in_path("public_id", "The source's own part of its URL.", "src_6kQ2ZtVb9Lx0"),),
    operations={
        "post": Operation(
            operation_id="receiveWebhook",
            summary="Send a vendor's webhook to its source",
            description=(
                "For Voyado Engage, WebEngage, Ongage and whatever posts JSON. Any Content-Type is "
                "taken; the kind of source decides how the body is read. Sending again is safe: "
                "events are recognised by the vendor's message id, or by a digest of the body."
            ),
            security=SOURCE_SECURITY,
            body=Body(
                description="As the vendor sends it, in UTF-8 and not compressed.",
                schema={},
                examples=_examples(),
            ),
            answers=(
                Answer(
                    status=200,
                    description="The event is committed to the database, now or before.",
                    schema=ref("AcceptedEvent"),
                    examples={"accepted": {"id": "01a1fcfb-5f67-70e6-b511-0b7b64dd367b"}},
                ),
                BAD_JSON,
                Problem(
                    status=400,
                    code="BAD_XML",
                    when="not XML, where the source takes it.",
                    detail="Not valid XML: no element found (line 1, column 0)",
                ),
                BAD_BODY,
                not_verified("Not verified; the operator sees why. Without a body."),
                reception_too_large("and the source takes no more; Ongage sources take 8 MiB"),
                *RECEPTION_PROBLEMS,
            ),
        )
    },
)
