"""Consents on the wire, in the shape of Voyado Engage's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError as InvalidModel
from rest_framework.exceptions import ValidationError

from contacts.api.contact_body import json_value
from contacts.api.contact_patch import NO_OBJECT
from contacts.consents.answers import check_answer, definition_of
from contacts.consents.standing import ConsentState
from contacts.consents.texts import CONDITION, DISPLAY, LINK
from contacts.models import Consent, ConsentDefinition, ConsentText
from contacts.normalisation.values import line_normalised
from integrations.instants import parse_instant

_META: Final = {"conditionText": CONDITION, "displayText": DISPLAY, "linkText": LINK}
_KEYS: Final = ("id", "value", "date", "comment", "source", "textVersion")
_LONGEST: Final = {
    "comment": Consent._meta.get_field("comment").max_length or 0,
    "source": Consent._meta.get_field("source_label").max_length or 0,
}
# Names of the services to keys of the body.
_WORDS: Final = {"consent_id": "id", "at": "date", "text_version": "textVersion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """One answer as a body gives it, checked."""

    consent_id: str
    value: bool
    at: datetime | None
    comment: str
    source: str
    text_version: int | None


def definition_body(definition: ConsentDefinition, text: ConsentText | None) -> dict[str, Any]:
    texts: Mapping[str, Mapping[str, str]] = text.texts if text else {}
    return {
        "id": definition.consent_id,
        "name": definition.name,
        "metaData": {
            key: {culture: parts[part] for culture, parts in texts.items() if parts.get(part)}
            for key, part in _META.items()
        },
    }


def consent_body(state: ConsentState) -> dict[str, Any]:
    """Return one consent of a contact; null as value is not set."""
    answer = state.answer
    return {
        "id": state.consent_id,
        "value": answer.value if answer else None,
        "date": json_value(answer.changed_at) if answer else None,
        "comment": (answer.comment or None) if answer else None,
        "source": (answer.source_label or None) if answer else None,
        "textVersion": answer.text_version if answer else None,
    }


def read_answer(site_id: int, body: Any, *, now: datetime) -> GivenAnswer:
    """Return the answer in a body; raises ValidationError with every fault by key."""
    if not isinstance(body, Mapping):
        raise ValidationError(NO_OBJECT)
    faults = {key: "Not a property of an answer." for key in body if key not in _KEYS}
    at = _date(body.get("date"), faults)
    text_version = body.get("textVersion")
    if text_version is not None and type(text_version) is not int:
        faults["textVersion"] = "Expected a whole number."
        text_version = None
    if not isinstance(body.get("value"), bool):
        faults["value"] = "Expected true or false. An answer is never taken back to “not set”."
    texts = {name: _text(name, body.get(name), faults) for name in _LONGEST}
    consent_id = body.get("id")
    if not isinstance(consent_id, str):
        faults["id"] = "Expected a string: the id of a consent of this site."
    else:
        try:
            definition = definition_of(site_id, consent_id)
            check_answer(definition, at=at, text_version=text_version, now=now)
        except InvalidModel as error:
            told = {_WORDS[name]: words[0] for name, words in error.message_dict.items()}
            faults = told | faults
    if faults:
        raise ValidationError(faults)
    return GivenAnswer(
        consent_id=str(consent_id),
        value=bool(body["value"]),
        at=at,
        text_version=text_version,
        **texts,
    )


def _date(value: Any, faults: dict[str, str]) -> datetime | None:
    if value is None:
        return None
    at = parse_instant(value)
    if at is None:
        faults["date"] = "Expected a date and time with its offset, such as 2026-11-20T08:00:00Z."
    return at


def _text(name: str, value: Any, faults: dict[str, str]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        faults[name] = "Expected a string."
        return ""
    line = line_normalised(value)
    if len(line) > _LONGEST[name]:
        faults[name] = f"At most {_LONGEST[name]} characters."
    return line
