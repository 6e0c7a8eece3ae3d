"""What webhooks do when contacts below tell of a person. Connected in `apps.ready`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contacts.signals import contact_erased, contacts_merged
from webhooks.models import Event, EventOutcome
from webhooks.outbound.upkeep.erasure import events_forget


def forget_person(*, contact_id: UUID, **_: Any) -> None:
    """Empty what names an erased person; that something was received and sent stays."""
    EventOutcome.objects.filter(contact_id=contact_id).update(identity="", contact=None)
    events_forget(contact_id)


def follow_merge(*, kept_id: UUID, absorbed_id: UUID, **_: Any) -> None:
    for model in (EventOutcome, Event):
        model._default_manager.filter(contact_id=absorbed_id).update(contact_id=kept_id)


def connect_receivers() -> None:
    contact_erased.connect(forget_person, dispatch_uid="webhooks.forget_person")
    contacts_merged.connect(follow_merge, dispatch_uid="webhooks.follow_merge")
