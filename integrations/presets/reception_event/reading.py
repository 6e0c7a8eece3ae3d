"""From a body to the values of an event's fields, as strictly as its context is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from common.json import BadJson, parse_json
from integrations.field_types import FieldError, lenient, strict
from integrations.pointers import MISSING, resolve
from integrations.presets.reception_event.app_event import AppEvent, app_event
from integrations.presets.reception_event.definition import (
    API,
    APP,
    EventDefinition,
    EventField,
)
from integrations.request import RefusedBody

REQUIRED: Final = "Required field is missing."
UNDEFINED: Final = "Field is not defined in this event."
_NO_OBJECT: Final = "The body must be one JSON object, with the ids of the event's fields as keys."
_NO_CONTAINER: Final = "The body must be a JSON object or a JSON array."
_NO_IDENTITY: Final = (
    "The event names nobody: neither entityInfo.trackerId, of 1 to 128 letters, digits, hyphens "
    "and underscores, nor a valid e-mail as entityInfo.primaryKey."
)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Why a field is refused; `path` is its id, or the unknown key itself."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(slots=True, kw_only=True)
class ReadEvent:
    """What a body says.

    `values` holds stored forms by field id, without absent fields. With `problems` the request is
    refused (422). `notes` are sentences on optional values that were dropped. `app` is the envelope
    of an event of a page or app.
    """

    values: dict[str, Any] = field(default_factory=dict)
    problems: tuple[FieldProblem, ...] = ()
    notes: tuple[str, ...] = ()
    app: AppEvent | None = None


def read_event(definition: EventDefinition, body: bytes) -> ReadEvent:
    """Read the body as the context of the event prescribes. Raises `RefusedBody`."""
    if definition.context == API:
        return read_strict(definition, body)
    if definition.context == APP:
        return read_app(definition, _document(body))
    return read_lenient(definition, body)


def read_strict(definition: EventDefinition, body: bytes) -> ReadEvent:
    """Read a body of the Public API: every fault is a problem, and all are told at once.

    Raises `RefusedBody` for a body that is no JSON object (400).
    """
    document = _document(body)
    if not isinstance(document, dict):
        raise RefusedBody("BAD_BODY", _NO_OBJECT)
    values, problems = {}, []
    for each in definition.fields:
        value = document.get(each.id)
        if value is None:
            if each.is_required:
                problems.append(FieldProblem(each.id, REQUIRED))
            continue
        try:
            values[each.id] = strict(each.definition, value)
        except FieldError as error:
            problems.append(FieldProblem(each.id, error.reason))
    problems += [
        FieldProblem(key, UNDEFINED) for key in document if key not in definition.field_ids
    ]
    return ReadEvent(values=values, problems=tuple(problems))


def read_lenient(definition: EventDefinition, body: bytes) -> ReadEvent:
    """Read a webhook's body by pointers: only a required field can be a problem.

    Raises `RefusedBody` for a body that is neither an object nor an array (400).
    """
    document = _document(body)
    if not isinstance(document, dict | list):
        raise RefusedBody("BAD_BODY", _NO_CONTAINER)
    return _read_leniently(definition, document)


def read_app(definition: EventDefinition, document: Any) -> ReadEvent:
    """Read a parsed event of a page or app, its payload as leniently as a webhook's body.

    Raises `RefusedBody` for an envelope without an event (`BAD_BODY`) or without anybody
    (`NO_IDENTITY`).
    """
    event = app_event(definition, document)
    read = _read_leniently(definition, event.values(definition.primary_key))
    key = definition.primary_key
    # A required one that is missing is told as such.
    is_named = key is not None and (key.is_required or key.id in read.values)
    if not (event.tracker_id or event.email or is_named):
        raise RefusedBody("NO_IDENTITY", _NO_IDENTITY)
    read.notes = (*event.notes, *read.notes)
    read.app = event
    return read


def _read_leniently(definition: EventDefinition, document: Any) -> ReadEvent:
    values, problems, notes = {}, [], []
    for each in definition.fields:
        found = found_by(each, document)
        if found is MISSING or found is None:
            if each.is_required:
                problems.append(FieldProblem(each.id, REQUIRED))
            continue
        try:
            values[each.id] = lenient(each.definition, found)
        except FieldError as error:
            if each.is_required:
                problems.append(FieldProblem(each.id, error.reason))
            else:
                notes.append(f"{each.id} was left out: {error.reason}")
    return ReadEvent(values=values, problems=tuple(problems), notes=tuple(notes))


def found_by(each: EventField, document: Any) -> Any:
    """Return what is at the field's place, or `MISSING`; a null is found."""
    if each.pointer:
        return resolve(document, each.pointer)
    return document.get(each.id, MISSING) if isinstance(document, Mapping) else MISSING


def reader_of(definition: EventDefinition) -> Callable[..., Any]:
    """Return the reading of one value in the event's context."""
    return strict if definition.context == API else lenient


def _document(body: bytes) -> Any:
    try:
        return parse_json(body)
    except BadJson as error:
        raise RefusedBody("BAD_JSON", str(error)) from None
