"""WebEngage's feedback and feedback reply hooks (documentation, page *REST API: feedback*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from integrations.presets.webengage.bodies import BodyKind
from integrations.presets.webengage.event_names import FEEDBACK, FEEDBACK_REPLY
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.webengage_forms import (
    BODY_FORMAT,
    CUSTOM,
    RELAYED,
    activity,
    answer_id,
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
    """Passes feedback on, and writes custom events as feedback: a field becomes a question."""

    key = "webengage_feedback"
    label = "WebEngage feedback"
    summary = "Feedback and replies, as JSON or XML. Custom events go out as feedback, too."
    signings = ("webengage",)
    settings_fields = (LICENSE_CODE, BODY_FORMAT)

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type in _KINDS or event_type.startswith(CUSTOM)

    def needs_raw(self, settings: Mapping[str, Any]) -> bool:
        return True

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
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
                "value": typed_value(name, value),
            }
            for name, value in event.payload.items()
        ],
        "customData": {"eventType": [event.type]},
        "replies": [],
        "activity": activity(event),
    }
