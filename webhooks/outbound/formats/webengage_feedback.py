"""WebEngage's feedback and feedback reply hooks (documentation, page *REST API: feedback*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from integrations.presets.webengage.bodies import BodyKind
from integrations.presets.webengage.event_names import FEEDBACK, FEEDBACK_REPLY
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.connectif_send import FLAT_PREFIXES
from webhooks.outbound.formats.webengage_forms import (
    BODY_FORMAT,
    RELAYED,
    activity,
    answer_id,
    custom_data,
    form_request,
    relayed_form,
    typed_value,
)
from webhooks.outbound.formats.webengage_hook import LICENSE_CODE, WebEngageHook

_KINDS: Final = {
    f"{RELAYED}{FEEDBACK}": BodyKind.FEEDBACK,
    f"{RELAYED}{FEEDBACK_REPLY}": BodyKind.FEEDBACK_REPLY,
}


class WebEngageFeedbackFormat(WebEngageHook, Format):
    """Passes feedback on; of the operator's own events, each field becomes a question."""

    key = "webengage_feedback"
    label = "WebEngage feedback"
    summary = (
        "Feedback and replies, as JSON or XML. Custom and send events go out as feedback, too."
    )
    signings = ("webengage",)
    settings_fields = (LICENSE_CODE, BODY_FORMAT)

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type in _KINDS or event_type.startswith(FLAT_PREFIXES)

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        event = events[0]
        kind = _KINDS.get(event.type, BodyKind.FEEDBACK)
        if event.type in _KINDS:
            data = relayed_form(event, kind, settings["license_code"])
        else:
            data = _feedback(event, message_id, settings)
        return form_request(data, event_type=kind.value, message_id=message_id, settings=settings)


def _feedback(event: SentEvent, message_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": answer_id(message_id, "feedback"),
        "licenseCode": settings["license_code"],
        "fields": [
            {
                "id": answer_id(message_id, name),
                "label": name,
                "type": "custom",
                "value": typed_value(event, value),
            }
            for name, value in event.payload.items()
        ],
        "customData": custom_data(event),
        "replies": [],
        "activity": activity(event),
    }
