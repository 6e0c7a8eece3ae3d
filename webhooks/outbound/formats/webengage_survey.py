"""WebEngage's survey response hook (documentation, page *REST API: on-site survey*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from integrations.presets.webengage.bodies import BodyKind
from integrations.presets.webengage.event_names import SURVEY_RESPONSE
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

_RELAYED: Final = f"{RELAYED}{SURVEY_RESPONSE}"


class WebEngageSurveyFormat(WebEngageHook, Format):
    """Passes responses on; of the operator's own events, each field becomes an answer."""

    key = "webengage_survey"
    label = "WebEngage survey response"
    summary = "Survey responses, as JSON or XML. Custom and send events go out as responses, too."
    signings = ("webengage",)
    settings_fields = (LICENSE_CODE, BODY_FORMAT)

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type == _RELAYED or event_type.startswith(FLAT_PREFIXES)

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
        if event.type == _RELAYED:
            data = relayed_form(event, BodyKind.SURVEY_RESPONSE, settings["license_code"])
        else:
            data = _response(event, message_id, settings)
        return form_request(
            data, event_type=SURVEY_RESPONSE, message_id=message_id, settings=settings
        )


def _response(event: SentEvent, message_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    alias = event.type.partition(".")[2]
    return {
        "surveyId": alias,
        "title": alias,
        "licenseCode": settings["license_code"],
        "questionResponses": [
            {
                "id": answer_id(message_id, name),
                "questionId": answer_id(alias, name),
                "questionText": name,
                "value": typed_value(event, value),
            }
            for name, value in event.payload.items()
        ],
        "customData": custom_data(event),
        "id": answer_id(message_id, "response"),
        "activity": activity(event),
    }
