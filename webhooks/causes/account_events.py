"""What staff change, as the audit trail has it, becomes account events of the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Model

from sites.models import AuditEntry
from webhooks.outbound.event_types.account_events import VERBS, account_type
from webhooks.outbound.models import Subscription
from webhooks.outbound.publishing import NewEvent, audience_of, events_publish

# Nouns of the audit trail → kinds of thing in the catalogue.
_KINDS: Final = {
    "subscription": "subscription",
    "source": "source",
    "custom_integration": "integration",
    "reception_event": "reception_event",
}
# Verbs of the audit trail that are another word for one of the catalogue's.
_OTHER_WORDS: Final = {
    "paused": "deactivated",
    "disabled": "deactivated",
    "resumed": "activated",
    "enabled": "activated",
    "secret_rotated": "updated",
    "overlap_ended": "updated",
}
_SWITCH: Final = "is_active"


def publish_audit_entry(*, entry: AuditEntry, target: Model | None, **_: Any) -> None:
    """Publish a change of something that the catalogue knows; looks and log-ins are none."""
    noun, _dot, word = entry.action.partition(".")
    kind, verb = _KINDS.get(noun), _OTHER_WORDS.get(word, word)
    if kind is None or verb not in VERBS or entry.site_id is None or target is None:
        return
    if not audience_of(entry.site_id):
        return
    events_publish(
        [
            NewEvent(
                site_id=entry.site_id,
                type=account_type(kind, each),
                payload=_payload(kind, entry, target),
                occurred_at=entry.at,
                # A subscription is not told of itself.
                source_key=target.public_id if isinstance(target, Subscription) else "",
            )
            for each in _verbs(verb, entry)
        ]
    )


def _verbs(verb: str, entry: AuditEntry) -> Iterator[str]:
    """Yield what was done: a switch may have been among the fields that were changed."""
    if verb != "updated" or _SWITCH not in entry.changes:
        yield verb
        return
    if len(entry.changes) > 1:
        yield verb
    yield "activated" if entry.changes[_SWITCH][1] else "deactivated"


def _payload(kind: str, entry: AuditEntry, target: Model) -> dict[str, Any]:
    public_id = getattr(target, "public_id", "") or getattr(target, "event_id", "")
    return {
        "object": kind,
        "id": str(public_id or target.pk),
        "name": entry.object_label,
        "action": entry.action,
        "actor": entry.actor_label,
        "at": entry.at,
        "changedFields": list(entry.changes),
    }
