"""What can set a workflow off. A trigger is an object with `type` and what that type needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from automation.uses import Needs
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings

Trigger = Mapping[str, Any]

RECEPTION_EVENT: Final = "reception_event"
INBOUND_EVENT: Final = "inbound_event"
CONTACT_CHANGE: Final = "contact_change"
SUBMISSION: Final = "submission"
SEGMENT_ENTRY: Final = "segment_entry"
SEGMENT_EXIT: Final = "segment_exit"
SCHEDULE: Final = "schedule"

CREATED: Final = ("too", "only", "never")
OUTCOMES: Final = ("any", "continued", "blocked")
EVERY: Final = ("hour", "day", "week", "month")
WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
MOST_FIELDS: Final = 50
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_NO_SEGMENT: Final = "This segment is not there any more. Choose another."


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerKind:
    """`read` returns the trigger as it is stored, `words` says it in a sentence."""

    key: str
    label: str
    help: str
    read: Callable[[Reading], dict[str, Any]]
    words: Callable[[Trigger, SiteThings], str]
    needs: Callable[[Trigger, SiteThings], Needs]


def read_trigger(reading: Reading) -> dict[str, Any]:
    if not reading.get("type"):
        reading.problem("type", "Choose what sets the workflow off.")
        return {"type": RECEPTION_EVENT, "event": None}
    kind = TRIGGERS[reading.choice("type", tuple(TRIGGERS))]
    return {"type": kind.key, **kind.read(reading)}


def trigger_words(trigger: Trigger, things: SiteThings) -> str:
    """Return when the workflow begins, as a sentence."""
    return TRIGGERS[trigger["type"]].words(trigger, things)


def trigger_needs(trigger: Trigger, things: SiteThings) -> Needs:
    return TRIGGERS[trigger["type"]].needs(trigger, things)


def _read_reception_event(reading: Reading) -> dict[str, Any]:
    reading.only("type", "event")
    known = reading.things.reception_events
    missing = "This reception event is not there any more. Choose another."
    return {"event": reading.key("event", known, missing)}


def _reception_event_words(trigger: Trigger, things: SiteThings) -> str:
    event = things.reception_events.get(trigger["event"])
    return f"When “{event.name}” is received" if event else "When a deleted event is received"


def _reception_event_needs(trigger: Trigger, things: SiteThings) -> Needs:
    event = things.reception_events.get(trigger["event"])
    if event is None:
        return Needs()
    integrations = frozenset((event.integration_id,)) if event.integration_id else frozenset()
    return Needs(reception_events=frozenset(((event.pk, ""),)), integrations=integrations)


def _read_inbound_event(reading: Reading) -> dict[str, Any]:
    reading.only("type", "source", "event_type")
    missing = "This source is not there any more. Choose another."
    return {
        "source": reading.key("source", reading.things.sources, missing),
        "event_type": reading.text("event_type", longest=120, is_needed=True),
    }


def _inbound_event_words(trigger: Trigger, things: SiteThings) -> str:
    source = things.sources.get(trigger["source"])
    name = f"“{source.name}”" if source else "a deleted source"
    return f"When {name} sends “{trigger['event_type']}”"


def _inbound_event_needs(trigger: Trigger, things: SiteThings) -> Needs:
    source = things.sources.get(trigger["source"])
    return Needs(sources=frozenset((source.pk,))) if source else Needs()


def _read_contact_change(reading: Reading) -> dict[str, Any]:
    reading.only("type", "fields", "created")
    given = reading.get("fields") or []
    fields: list[str] = []
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        reading.problem("fields", "The fields are a list of names.")
    elif len(given) > MOST_FIELDS:
        reading.problem("fields", f"There may be at most {MOST_FIELDS}.")
    else:
        fields = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    return {"fields": fields, "created": reading.choice("created", CREATED, "too")}


def _contact_change_words(trigger: Trigger, things: SiteThings) -> str:
    names = [f"“{change_label(name, things)}”" for name in trigger["fields"]]
    what = " or ".join(names) if names else "anything about a contact"
    if trigger["created"] == "only":
        return f"When a contact is created{f' with {what}' if names else ''}"
    also = ", also as a contact is created" if trigger["created"] == "too" else ""
    return f"When {what} changes{also}"


def change_label(name: str, things: SiteThings) -> str:
    """Return how people call a key of `ContactRevision.changes`."""
    kind, _, rest = name.partition(".")
    if kind == "attribute":
        return things.field_name(rest)
    if kind == "preference":
        return f"accepts {rest}"
    if kind == "consent":
        consent = things.consents.get(rest)
        return f"consent {consent.name if consent else rest}"
    return {"email": "E-mail", "email_status": "E-mail status"}.get(name, things.field_name(name))


def _contact_change_needs(trigger: Trigger, things: SiteThings) -> Needs:
    names = [name.partition(".") for name in trigger["fields"]]
    return Needs(
        contact_fields=frozenset(
            rest for kind, _, rest in names if kind == "attribute" and rest in things.custom_fields
        ),
        consents=frozenset(
            rest for kind, _, rest in names if kind == "consent" and rest in things.consents
        ),
    )


def _read_submission(reading: Reading) -> dict[str, Any]:
    reading.only("type", "outcome")
    return {"outcome": reading.choice("outcome", OUTCOMES, "any")}


def _submission_words(trigger: Trigger, things: SiteThings) -> str:
    ended = {"any": "ends", "continued": "continues", "blocked": "is blocked"}
    return f"When an Onsite submission {ended[trigger['outcome']]}"


def _read_segment(reading: Reading) -> dict[str, Any]:
    reading.only("type", "segment")
    return {"segment": reading.key("segment", reading.things.segments, _NO_SEGMENT)}


def _segment_name(trigger: Trigger, things: SiteThings) -> str:
    segment = things.segments.get(trigger["segment"])
    return f"“{segment.name}”" if segment else "a deleted segment"


def _segment_needs(trigger: Trigger, things: SiteThings) -> Needs:
    segment = things.segments.get(trigger["segment"])
    return Needs(segments=frozenset((segment.pk,))) if segment else Needs()


def _read_schedule(reading: Reading) -> dict[str, Any]:
    every = reading.choice("every", EVERY, "day")
    reading.only("type", "every", "at", "segment", "weekday", "day")
    at = reading.text("at", longest=5) or "09:00"
    if not _TIME.fullmatch(at):
        reading.problem("at", "Write a time of day such as 09:00.")
        at = "09:00"
    schedule: dict[str, Any] = {"every": every, "at": at}
    if every == "week":
        schedule["weekday"] = reading.whole("weekday", least=0, most=6, default=0)
    if every == "month":
        schedule["day"] = reading.whole("day", least=1, most=28, default=1)
    schedule["segment"] = reading.key("segment", reading.things.segments, _NO_SEGMENT)
    return schedule


def _schedule_words(trigger: Trigger, things: SiteThings) -> str:
    at = trigger["at"]
    when = {
        "hour": f"Every hour at {at[3:]} minutes past",
        "day": f"Every day at {at}",
        "week": f"Every {WEEKDAYS[trigger.get('weekday', 0)]} at {at}",
        "month": f"On day {trigger.get('day', 1)} of every month at {at}",
    }[trigger["every"]]
    return f"{when}, for each contact in {_segment_name(trigger, things)}"


_KINDS: Final = (
    TriggerKind(
        key=RECEPTION_EVENT,
        label="A reception event",
        help="An event of a custom integration was received.",
        read=_read_reception_event,
        words=_reception_event_words,
        needs=_reception_event_needs,
    ),
    TriggerKind(
        key=INBOUND_EVENT,
        label="An event of a source",
        help="A source such as Voyado Engage or Ongage sent an event of one type.",
        read=_read_inbound_event,
        words=_inbound_event_words,
        needs=_inbound_event_needs,
    ),
    TriggerKind(
        key=CONTACT_CHANGE,
        label="A contact changes",
        help="Fields, preferences or consents of a contact changed, by whatever door.",
        read=_read_contact_change,
        words=_contact_change_words,
        needs=_contact_change_needs,
    ),
    TriggerKind(
        key=SUBMISSION,
        label="An Onsite submission",
        help="A visitor went through the flow of the site.",
        read=_read_submission,
        words=_submission_words,
        needs=lambda _trigger, _things: Needs(),
    ),
    TriggerKind(
        key=SEGMENT_ENTRY,
        label="A contact enters a segment",
        help="Noticed when the segment is computed.",
        read=_read_segment,
        words=lambda trigger, things: f"When a contact enters {_segment_name(trigger, things)}",
        needs=_segment_needs,
    ),
    TriggerKind(
        key=SEGMENT_EXIT,
        label="A contact leaves a segment",
        help="Noticed when the segment is computed.",
        read=_read_segment,
        words=lambda trigger, things: f"When a contact leaves {_segment_name(trigger, things)}",
        needs=_segment_needs,
    ),
    TriggerKind(
        key=SCHEDULE,
        label="A schedule",
        help="At a time of day, for each contact in a segment; in the time zone of the site.",
        read=_read_schedule,
        words=_schedule_words,
        needs=_segment_needs,
    ),
)
TRIGGERS: Final[Mapping[str, TriggerKind]] = MappingProxyType({kind.key: kind for kind in _KINDS})
