"""Changes of contacts become Engage's contact events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from contacts.applied_change import ChangeKind, ChangeSource
from contacts.signals import ContactChanged, ContactChanges
from integrations.contact_change import Channel
from webhooks.causes.contact_payloads import changed_values, snapshot_payload, subject_of
from webhooks.outbound.event_types.contact_events import (
    CONSENT,
    CREATED,
    DELETED,
    PREFERENCE_KEYS,
    UPDATED,
    preference_type,
)
from webhooks.outbound.publishing import NewEvent, audiences, events_publish

_PREFERENCE: Final = "preference."
_CONSENT: Final = "consent."
# How keys of sources begin, and what Engage calls such a source; all others are API keys.
_SOURCE_TYPES: Final = {"src_": "Webhook", "onsite": "Onsite", "flow:": "Workflow"}
_API_LABEL: Final = "API: "


def publish_contact_changes(*, changes: ContactChanges, **_: Any) -> None:
    """Publish what a batch did to contacts, in the batch's own transaction."""
    heard = audiences()
    if not heard.keys().isdisjoint(changes.site_ids):
        listened = (change for change in changes if change.site_id in heard)
        events_publish([event for change in listened for event in _events(change)], heard)


def _events(change: ContactChanged) -> Iterator[NewEvent]:
    # Whoever keeps contacts by id must let go of an address before another contact takes it.
    for absorbed_id in change.absorbed_ids:
        reason = f"Became one with contact {change.contact_id}."
        yield _event(change, DELETED, _deletion(absorbed_id, reason))
    if change.kind is ChangeKind.DELETED:
        reason = change.snapshot.values["deletion_reason"]
        yield _event(change, DELETED, _deletion(change.contact_id, reason))
    elif not change.existed_before:
        payload = snapshot_payload(change.contact_id, change.snapshot)
        yield _event(change, CREATED, payload)
    else:
        yield from _update(change)
        yield from _answers(change)


def _update(change: ContactChanged) -> Iterator[NewEvent]:
    changed = changed_values(change.changes)
    if changed or change.is_reduced:
        yield _event(
            change,
            UPDATED,
            {
                **snapshot_payload(change.contact_id, change.snapshot),
                "changedValues": changed,
                "updatedViaSourceType": _source_type(change.source),
                "updatedWithSpecificSource": _specific_source(change.source),
            },
        )


def _answers(change: ContactChanged) -> Iterator[NewEvent]:
    """Yield preferences and consents that changed; a contact begins with its own unannounced."""
    for name, (before, after) in change.changes.items():
        if name.startswith(_PREFERENCE):
            channel = Channel(name.removeprefix(_PREFERENCE))
            yield _event(
                change,
                preference_type(channel),
                {
                    "contactId": str(change.contact_id),
                    PREFERENCE_KEYS[channel]: after,
                    # Two-valued at Engage: who was never asked has not accepted.
                    "previousValue": bool(before),
                },
            )
        elif name.startswith(_CONSENT):
            consent_id = name.removeprefix(_CONSENT)
            row = change.snapshot.consents[consent_id]
            yield _event(change, CONSENT, _consent(change, consent_id, before, row))


def _consent(
    change: ContactChanged, consent_id: str, before: bool | None, row: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "contactId": str(change.contact_id),
        "consentId": consent_id,
        "value": row["value"],
        "previousValue": before,
        "date": str(row["changed_at"]).replace("+00:00", "Z"),
        "source": row["source_label"],
        "comment": row["comment"],
    }


def _deletion(contact_id: UUID, reason: str) -> dict[str, Any]:
    return {"contactId": str(contact_id), "deletionReason": reason}


def _event(change: ContactChanged, event_type: str, payload: Mapping[str, Any]) -> NewEvent:
    is_deletion = event_type == DELETED
    return NewEvent(
        site_id=change.site_id,
        type=event_type,
        payload=payload,
        occurred_at=change.occurred_at,
        contact_id=change.kept_id,
        subject={} if is_deletion else subject_of(change.snapshot.values),
        order_key=change.kept_id.hex,
        source_key=change.source.key[:40],
        received_event_id=change.source.received_event_id,
    )


def _source_type(source: ChangeSource) -> str:
    return next(
        (word for start, word in _SOURCE_TYPES.items() if source.key.startswith(start)), "API"
    )


def _specific_source(source: ChangeSource) -> str:
    return source.actor_label or source.label.removeprefix(_API_LABEL)
