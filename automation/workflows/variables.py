"""What the steps of a workflow may refer to, by name and with the latest sample value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from automation.workflows.contact_documents import NAMES, contact_documents
from automation.workflows.samples import latest_values
from automation.workflows.site_things import SYSTEM_NAMES, SiteThings
from automation.workflows.triggers import (
    CONTACT_CHANGE,
    RECEPTION_EVENT,
    SCHEDULE,
    SUBMISSION,
    Trigger,
    change_label,
)
from contacts.models import Contact
from integrations.field_types import FieldType
from integrations.pointers import MISSING, resolve
from sites.models import Site

MOST_VARIABLES: Final = 200
_DEEPEST: Final = 5
_SUBMISSION: Final = (
    ("submissionId", "Submission"),
    ("outcome", "Outcome"),
    ("role", "Role"),
    ("redeal", "redeal"),
    ("isKnown", "Was known before"),
    ("hasConverted", "Has converted"),
    ("register", "Looked up at"),
    ("code", "Code of what blocked it"),
)
_MOVE: Final = (("segmentId", "Segment"), ("segmentName", "Name of the segment"), ("at", "When"))
_CONTACT_LABELS: Final = {"email": "E-mail", "email_status": "E-mail status"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`type` is a field type (`text`, `integer`, …), "" where values differ. `sample` may be None.

    `group` is Event or Contact: under which heading an editor lists it.
    """

    pointer: str
    label: str
    type: str
    sample: Any
    group: str


def variables_of(trigger: Trigger, site: Site, things: SiteThings | None = None) -> list[Variable]:
    """Return the variables that a trigger gives, event first, with their latest sample values."""
    things = things or SiteThings(site)
    event = latest_values(trigger, things)
    found = [*_event_variables(trigger, things, event)][:MOST_VARIABLES]
    return [*found, *_contact_variables(things)]


def _event_variables(
    trigger: Trigger, things: SiteThings, event: Mapping[str, Any]
) -> Iterator[Variable]:
    kind = trigger["type"]
    if kind == RECEPTION_EVENT:
        known = things.reception_events.get(trigger["event"])
        for field in known.fields.all() if known else ():
            yield _variable("event", (field.field_id,), field.name, event, field.type)
    elif kind == CONTACT_CHANGE:
        yield _variable("event", ("kind",), "Created or changed", event, "text")
        yield _variable("event", ("source",), "Who said it", event, "text")
        yield from _change_variables(trigger, things, event)
    elif kind == SUBMISSION:
        for name, label in _SUBMISSION:
            is_boolean = name.startswith(("is", "has"))
            type_ = "boolean" if is_boolean else "text"
            yield _variable("event", (name,), label, event, type_)
    elif kind == SCHEDULE:
        yield _variable("event", ("at",), "When", event, "date")
    elif "segment" in trigger:
        for name, label in _MOVE:
            yield _variable("event", (name,), label, event, "date" if name == "at" else "text")
    else:
        for path in _leaves(event, ()):
            yield _variable("event", path, " / ".join(path), event, "")


def _change_variables(
    trigger: Trigger, things: SiteThings, event: Mapping[str, Any]
) -> Iterator[Variable]:
    every = (*SYSTEM_NAMES, "email", *(f"attribute.{name}" for name in things.custom_fields))
    for name in trigger["fields"] or every:
        label = change_label(name, things)
        yield _variable("event", ("after", name), f"{label}, now", event, "")
        yield _variable("event", ("before", name), f"{label}, before", event, "")


def _contact_variables(things: SiteThings) -> Iterator[Variable]:
    latest = Contact.objects.filter(site=things.site, deleted_at=None).order_by("-pk")
    contact_id = latest.values_list("pk", flat=True).first()
    asked = ("/contact/id", "/contact/preferences", "/contact/consents", "/contact/points")
    documents = contact_documents([contact_id], asked) if contact_id else {}
    contact = documents.get(contact_id, {}) if contact_id else {}
    for name in NAMES:
        label = _CONTACT_LABELS.get(name) or things.field_name(name)
        type_ = SYSTEM_NAMES[name].type if name in SYSTEM_NAMES else FieldType.TEXT
        yield _variable("contact", (name,), label, contact, type_)
    yield _variable("contact", ("id",), "Id of the contact", contact, "text")
    yield _variable("contact", ("created_at",), "Created", contact, "date")
    for field in things.custom_fields.values():
        yield _variable("contact", ("attributes", field.id), field.name, contact, field.type)
    for channel in ("email", "sms", "postal"):
        path = ("preferences", channel)
        yield _variable("contact", path, f"Accepts {channel}", contact, "boolean")
    for consent in things.consents.values():
        path = ("consents", consent.consent_id)
        yield _variable("contact", path, f"Consent {consent.name}", contact, "boolean")
    for points in things.points.values():
        yield _variable("contact", ("points", str(points.number)), points.name, contact, "decimal")


def _variable(
    root: str, path: tuple[str, ...], label: str, document: Mapping[str, Any], type_: str
) -> Variable:
    within = "".join(f"/{_escaped(part)}" for part in path)
    sample = resolve(document, within)
    return Variable(
        pointer=f"/{root}{within}",
        label=label,
        type=str(type_) or _type_of(sample),
        sample=None if sample is MISSING else sample,
        group=root.capitalize(),
    )


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and len(path) < _DEEPEST:
        for key, each in value.items():
            yield from _leaves(each, (*path, str(key)))
    elif path:
        yield path


def _type_of(sample: Any) -> str:
    if isinstance(sample, bool):
        return "boolean"
    if isinstance(sample, int):
        return "integer"
    if isinstance(sample, float):
        return "decimal"
    return "text" if isinstance(sample, str) else ""


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
