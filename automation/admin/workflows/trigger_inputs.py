"""What sets a workflow off, as the editor asks for it: one select, and the settings of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from automation.admin.workflows.step_reading import whole
from automation.workflows import triggers
from automation.workflows.site_things import SYSTEM_NAMES, SiteThings
from automation.workflows.triggers import TRIGGERS, change_label
from common.newest_rows import newest_of
from integrations.contact_change import Channel
from webhooks.inbound.models import ReceivedEvent

Choice = tuple[str, str]
# Kinds that are about one reception event or source are offered once for each of them.
_OF_THINGS: Final = {triggers.RECEPTION_EVENT: "event", triggers.INBOUND_EVENT: "source"}
_OF_SEGMENT: Final = (triggers.SEGMENT_ENTRY, triggers.SEGMENT_EXIT)
_PEOPLE: Final = (triggers.CONTACT_CHANGE, triggers.SUBMISSION, *_OF_SEGMENT)
_RECENT: Final = 300
CREATED_CHOICES: Final = (
    ("too", "Changes, and contacts that are new"),
    ("only", "New contacts only"),
    ("never", "Changes of contacts that were there already"),
)
OUTCOME_CHOICES: Final = (
    ("any", "However it ends"),
    ("continued", "When it continues"),
    ("blocked", "When it is blocked"),
)
EVERY_CHOICES: Final = (
    ("hour", "Every hour"), ("day", "Every day"), ("week", "Every week"), ("month", "Every month"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerView:
    """`chosen` is the option of the select; `kind` says which settings are asked for."""

    chosen: str
    groups: Sequence[tuple[str, Sequence[Choice]]]
    kind: str
    help: str
    settings: Mapping[str, Any]
    is_gone: bool
    fields: Sequence[tuple[str, Sequence[tuple[str, str, bool]]]] = ()
    segments: Sequence[Choice] = ()
    event_types: Sequence[str] = ()

    @property
    def is_of_segment(self) -> bool:
        return self.kind in _OF_SEGMENT or self.kind == triggers.SCHEDULE

    @property
    def every(self) -> Sequence[Choice]:
        return EVERY_CHOICES

    @property
    def created(self) -> Sequence[Choice]:
        return CREATED_CHOICES

    @property
    def outcomes(self) -> Sequence[Choice]:
        return OUTCOME_CHOICES

    @property
    def weekdays(self) -> Sequence[Choice]:
        return [(str(number), name) for number, name in enumerate(triggers.WEEKDAYS)]


def trigger_groups(things: SiteThings) -> list[tuple[str, list[Choice]]]:
    """Return what can set a workflow of the site off, by heading."""
    received = [
        (f"{triggers.RECEPTION_EVENT}:{key}",
         f"Trigger {_integration(event)}: Receive data from {event.name}")
        for key, event in things.reception_events.items()
    ]  # fmt: skip
    sent = [
        (f"{triggers.INBOUND_EVENT}:{key}", f"Trigger {source.name}: an event of this source")
        for key, source in things.sources.items()
    ]
    groups = [
        ("Custom integrations", sorted(received, key=lambda choice: choice[1].casefold())),
        ("Webhook sources", sent),
        ("Contacts and visitors", [(f"{kind}:", TRIGGERS[kind].label) for kind in _PEOPLE]),
        ("Time", [(f"{triggers.SCHEDULE}:", TRIGGERS[triggers.SCHEDULE].label)]),
    ]
    return [(heading, choices) for heading, choices in groups if choices]


def _integration(event: Any) -> str:
    return event.integration.name if event.integration else "a custom integration"


def posted_trigger(data: QueryDict, things: SiteThings) -> dict[str, Any]:
    """Return the trigger that was chosen; settings that were not on the page get their first."""
    kind, _, key = data.get("trigger", "").partition(":")
    if kind not in TRIGGERS:
        return {}
    trigger: dict[str, Any] = {"type": kind}
    if kind in _OF_THINGS:
        trigger[_OF_THINGS[kind]] = key
    if kind == triggers.INBOUND_EVENT:
        trigger["event_type"] = data.get("trigger.event_type", "").strip()
    elif kind == triggers.CONTACT_CHANGE:
        trigger["fields"] = list(dict.fromkeys(data.getlist("trigger.fields")))
        trigger["created"] = data.get("trigger.created", "too")
    elif kind == triggers.SUBMISSION:
        trigger["outcome"] = data.get("trigger.outcome", "any")
    elif kind in _OF_SEGMENT:
        trigger["segment"] = data.get("trigger.segment", "")
    elif kind == triggers.SCHEDULE:
        trigger |= _posted_schedule(data)
    return trigger


def _posted_schedule(data: QueryDict) -> dict[str, Any]:
    every = data.get("trigger.every", "day")
    schedule: dict[str, Any] = {
        "every": every,
        "at": data.get("trigger.at", "09:00").strip(),
        "segment": data.get("trigger.segment", ""),
    }
    # Those of the other choices stay typed in the page's own fields, and count for nothing.
    if every == "week":
        schedule["weekday"] = whole(data.get("trigger.weekday", "0"))
    if every == "month":
        schedule["day"] = whole(data.get("trigger.day", "1").strip())
    return schedule


def trigger_view(trigger: Mapping[str, Any], things: SiteThings) -> TriggerView:
    kind = trigger.get("type", "")
    kind = kind if isinstance(kind, str) and kind in TRIGGERS else ""
    groups = trigger_groups(things)
    chosen = f"{kind}:{trigger.get(_OF_THINGS.get(kind, ''), '')}" if kind else ""
    offered = {value for _, choices in groups for value, _ in choices}
    return TriggerView(
        chosen=chosen,
        groups=groups,
        kind=kind,
        help=TRIGGERS[kind].help if kind else "",
        settings=trigger,
        is_gone=bool(chosen) and chosen not in offered,
        fields=_change_fields(trigger, things) if kind == triggers.CONTACT_CHANGE else (),
        segments=[(key, each.name) for key, each in things.segments.items()],
        event_types=_event_types(trigger, things) if kind == triggers.INBOUND_EVENT else (),
    )


def _change_fields(
    trigger: Mapping[str, Any], things: SiteThings
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Return what a change can be of, by heading, and whether each is ticked."""
    chosen = trigger.get("fields") or []
    groups: list[tuple[str, Iterable[str]]] = [
        ("Contact", ["email", *SYSTEM_NAMES, "email_status"]),
        ("Contact fields of the site", [f"attribute.{key}" for key in things.custom_fields]),
        ("Accepts", [f"preference.{channel.value}" for channel in Channel]),
        ("Consents", [f"consent.{key}" for key in things.consents]),
    ]
    listed = [
        (heading, [(name, change_label(name, things), name in chosen) for name in names])
        for heading, names in groups
    ]
    known = {name for _, names in listed for name, _, _ in names}
    others = [(name, name, True) for name in chosen if name not in known]
    listed.append(("Others", others))
    return [(heading, names) for heading, names in listed if names]


def _event_types(trigger: Mapping[str, Any], things: SiteThings) -> list[str]:
    """Return the types that the source's preset declares, and those that came in lately."""
    source = things.sources.get(str(trigger.get("source")))
    if source is None:
        return []
    newest = newest_of(ReceivedEvent.objects.all(), "source_id", source.pk)
    recent = set(newest.values_list("event_type", flat=True)[:_RECENT])
    return sorted({each.id for each in source.preset.event_types} | recent - {""})
