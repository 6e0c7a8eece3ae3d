"""What staff change in a site: one type for each kind of thing and what became of it.

The values themselves stay in the audit log; an event names the fields that changed.
"""

from __future__ import annotations

from typing import Final

from webhooks.outbound.event_types.event_type import (
    EventType,
    Group,
    instant,
    object_schema,
    text,
)

PREFIX: Final = "account"
# Kind of thing → its words.
OBJECTS: Final = {
    "subscription": "subscription",
    "source": "source",
    "integration": "custom integration",
    "reception_event": "reception event",
}
VERBS: Final = ("created", "updated", "activated", "deactivated", "deleted")
# A custom integration is a group: it is neither on nor off.
_HAS_NO_SWITCH: Final = frozenset(("integration",))

_SCHEMA: Final = object_schema(
    {
        "object": text("What kind of thing.", enum=list(OBJECTS)),
        "id": text("Its id: the public one where it has one."),
        "name": text(),
        "action": text("As in the audit log, such as source.updated."),
        "actor": text("Who did it: a person, a command or a policy."),
        "at": instant(),
        "changedFields": {"type": "array", "items": {"type": "string"}},
    }
)


def account_type(kind: str, verb: str) -> str:
    return f"{PREFIX}.{kind}.{verb}"


def _account_event_type(kind: str, verb: str) -> EventType:
    words = OBJECTS[kind]
    return EventType(
        key=account_type(kind, verb),
        group=Group.ACCOUNT,
        label=f"{words.capitalize()} {verb}",
        description=f"A {words} of the site was {verb}.",
        schema=_SCHEMA,
        example={
            "object": kind,
            "id": "src_0a1B2c3D4e5F6g7H8i9J0k" if kind == "source" else "17",
            "name": f"My {words}",
            "action": f"{kind}.{verb}",
            "actor": "anna.admin",
            "at": "2024-03-15T10:30:15Z",
            "changedFields": ["is_active"] if verb.endswith("activated") else ["name"],
        },
    )


ACCOUNT_EVENT_TYPES: Final = tuple(
    _account_event_type(kind, verb)
    for kind in OBJECTS
    for verb in VERBS
    if kind not in _HAS_NO_SWITCH or not verb.endswith("activated")
)
