"""Which of WebEngage's four kinds of body a request holds, decided by the body alone.

`eventType` in the URL is only a hint: it is published for the three form hooks and for no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.json import parse_json
from integrations.json_values import text_of
from integrations.presets.webengage.event_names import FEEDBACK, FEEDBACK_REPLY, SURVEY_RESPONSE
from integrations.presets.webengage.xml_body import document_from, parse_xml


class BodyKind(StrEnum):
    FEEDBACK = FEEDBACK
    FEEDBACK_REPLY = FEEDBACK_REPLY
    SURVEY_RESPONSE = SURVEY_RESPONSE
    EVENT = "EVENT"
    UNKNOWN = "UNKNOWN"


@dataclass(slots=True, kw_only=True)
class Body:
    """The unwrapped content: an object, or the list of replies."""

    kind: BodyKind
    data: Any

    @property
    def event_type(self) -> str:
        if self.kind is BodyKind.EVENT:
            return text_of(self.data.get("event_name"))
        return "" if self.kind is BodyKind.UNKNOWN else self.kind.value

    @property
    def event_id(self) -> str:
        """The id of the thing that was submitted; events have none."""
        if self.kind is BodyKind.FEEDBACK_REPLY:
            return text_of(self.data[-1].get("id")) if self.data else ""
        if self.kind in (BodyKind.FEEDBACK, BodyKind.SURVEY_RESPONSE):
            return text_of(self.data.get("id"))
        return ""


def read_body(raw: bytes) -> Body:
    """Return the body of JSON or XML bytes. Raises `BadJson` or `BadXml`.

    The first byte that is not blank decides: WebEngage promises no content type.
    """
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        data = document_from(parse_xml(raw.lstrip()))
    else:
        data = _unwrapped(parse_json(raw))
    kind = _kind(data)
    if kind is BodyKind.FEEDBACK_REPLY:
        replies = data if isinstance(data, list) else [data]
        data = [reply for reply in replies if isinstance(reply, dict)]
    return Body(kind=kind, data=data)


def _unwrapped(document: Any) -> Any:
    if not isinstance(document, dict) or "event_name" in document:
        return document
    inner = document.get("response", document)
    return inner.get("data", inner) if isinstance(inner, dict) else inner


def _kind(data: Any) -> BodyKind:
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return BodyKind.UNKNOWN
    if "replyType" in first or "repliedOn" in first:
        return BodyKind.FEEDBACK_REPLY
    if isinstance(data, list):
        return BodyKind.UNKNOWN
    if "event_name" in data:
        return BodyKind.EVENT
    if "surveyId" in data or "questionResponses" in data:
        return BodyKind.SURVEY_RESPONSE
    return BodyKind.FEEDBACK if "fields" in data else BodyKind.UNKNOWN
