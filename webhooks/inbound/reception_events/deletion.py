from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from common.uses import in_use
from sites.audit import Actor, audit_record
from webhooks.inbound.models import ReceivedEvent, ReceptionEvent, Source
from webhooks.inbound.reception_events.services import live_event_locked
from webhooks.inbound.reception_events.users import users_of_event


@transaction.atomic
def reception_event_delete(*, event: ReceptionEvent, actor: Actor) -> None:
    """Delete an event. One that has received anything leaves its history behind.

    Then its source stays, switched off, with all that it received; the alias is free for another.
    Raises ValidationError when it was deleted before, or names what uses it.
    """
    stored = live_event_locked(event)
    users = [words for field_id, words in users_of_event(stored) if not field_id]
    if users:
        raise ValidationError(in_use(stored.name, users))
    # Held until the end: what is stored meanwhile waits, and finds the source gone or kept.
    source = Source.objects.select_for_update(of=("self",)).get(pk=stored.source_id)
    keeps_history = has_history(stored)
    audit_record(
        actor=actor,
        action="reception_event.deleted",
        site=stored.site,
        target=stored,
        changes={
            "name": (stored.name, None),
            "alias": (stored.alias, None),
            "integration": (str(stored.integration), None),
            "keeps_history": (None, keeps_history),
        },
    )
    if not keeps_history:
        stored.delete()
        source.delete()
        return
    # What is kept is history: it writes to no contact field any more, and so protects none.
    stored.fields.update(contact_field=None)
    stored.integration = None
    stored.deleted_at = timezone.now()
    stored.save(update_fields=["integration", "deleted_at", "updated_at"])
    source.is_active = False
    source.save(update_fields=["is_active", "updated_at"])


def has_history(event: ReceptionEvent) -> bool:
    """Say whether the event has received anything, accepted or rejected."""
    source_id = event.source_id
    return (
        ReceivedEvent.objects.filter(source_id=source_id).exists()
        or event.source.rejected_requests.exists()
    )
