"""What a contact agreed to: yes, no or not set, and how it came to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from contacts.models import (
    Consent,
    ConsentChange,
    ConsentDefinition,
    Contact,
    ContactMerge,
    ContactRevision,
)
from integrations.contact_change import Channel

_PREFERENCE: Final = "preference."


class State(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_SET = "not_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState:
    """One consent of a contact; `answer` is None while it is not set.

    `definition` is None for an id that a source told and nobody defined.
    """

    consent_id: str
    definition: ConsentDefinition | None
    answer: Consent | None

    @property
    def state(self) -> State:
        if self.answer is None:
            return State.NOT_SET
        return State.YES if self.answer.value else State.NO

    @property
    def name(self) -> str:
        return self.definition.name if self.definition else self.consent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChange:
    channel: Channel
    before: bool | None
    after: bool | None
    at: datetime
    source_label: str
    source_key: str
    actor_label: str
    received_event_id: UUID | None


def consents_of(contact: Contact) -> list[ConsentState]:
    """Return every consent that the site asks for or the contact answered, in order of name."""
    answers = {answer.consent_id: answer for answer in contact.consents.all()}
    states = [
        ConsentState(
            consent_id=definition.consent_id,
            definition=definition,
            answer=answers.pop(definition.consent_id, None),
        )
        for definition in ConsentDefinition.objects.filter(site_id=contact.site_id)
    ]
    asked = [each for each in states if each.answer or _asks(each)]
    asked += [
        ConsentState(consent_id=consent_id, definition=None, answer=answer)
        for consent_id, answer in answers.items()
    ]
    return sorted(asked, key=lambda each: (each.name.casefold(), each.consent_id))


def history_of(contact: Contact, consent_id: str = "") -> list[ConsentChange]:
    """Return the answers that counted, newest first; of one consent or of all."""
    changes = contact.consent_changes.select_related("consent")
    if consent_id:
        changes = changes.filter(consent__consent_id=consent_id)
    return list(changes.order_by("-changed_at", "-pk"))


def preference_history(contact: Contact) -> Iterator[PreferenceChange]:
    """Yield how the preferences changed, newest first, as far as the history goes back."""
    revisions = ContactRevision.objects.filter(contact=contact).order_by("-at", "-pk")
    for revision in revisions.iterator(chunk_size=500):
        for name, (before, after) in revision.changes.items():
            if name.startswith(_PREFERENCE):
                yield PreferenceChange(
                    channel=Channel(name.removeprefix(_PREFERENCE)),
                    before=before,
                    after=after,
                    at=revision.at,
                    source_label=revision.source_label,
                    source_key=revision.source_key,
                    actor_label=revision.actor_label,
                    received_event_id=revision.received_event_id,
                )


def joined_into(contact: Contact) -> list[ContactMerge]:
    """Return under which other records the person answered, the last that was joined first."""
    return list(contact.merges.order_by("-at", "-pk"))


def _asks(state: ConsentState) -> bool:
    return state.definition is not None and state.definition.is_active
