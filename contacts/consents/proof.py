"""The proof of consent: what a person answered, when, through whom, and to which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from contacts.consents.standing import (
    ConsentState,
    consents_of,
    history_of,
    joined_into,
    preference_history,
)
from contacts.consents.texts import CONDITION, DISPLAY, LINK, plain_words
from contacts.models import ConsentChange, ConsentDefinition, ConsentText, Contact
from contacts.transfer.cells import cell_text

Versions = Mapping[int, ConsentText]

COLUMNS: Final = (
    "contact_id",
    "email",
    "phone",
    "external_id",
    "kind",
    "id",
    "name",
    "answer",
    "previous_answer",
    "answered_at",
    "recorded_at",
    "source",
    "source_key",
    "entered_by",
    "comment",
    "received_event",
    "text_version",
    "text_published_at",
    "text",
    "terms",
)


def versions_of(definition: ConsentDefinition | None) -> Versions:
    texts = definition.versions.all() if definition else ()
    return {text.version: text for text in texts}


def proof_document(contact: Contact) -> dict[str, Any]:
    """Return everything that a contact answered, as JSON; instants are ISO 8601 in UTC."""
    answers: dict[str, list[ConsentChange]] = {}
    for change in history_of(contact):
        answers.setdefault(change.consent.consent_id, []).append(change)
    return {
        "exportedAt": cell_text(timezone.now()),
        "site": contact.site.name,
        "contact": {
            "id": str(contact.pk),
            "email": contact.email,
            "phone": contact.phone,
            "externalId": contact.external_id,
            "name": f"{contact.first_name} {contact.last_name}".strip(),
        },
        "consents": [
            _consent(state, answers.get(state.consent_id, [])) for state in consents_of(contact)
        ],
        "preferencesNow": [
            {
                "channel": standing.channel,
                "accepts": standing.accepts,
                "date": cell_text(standing.changed_at),
                "reason": standing.cause,
                "source": standing.source_label,
                "sourceKey": standing.source_key,
                "enteredBy": standing.actor_label,
            }
            for standing in contact.preferences.order_by("channel")
        ],
        "preferences": [
            {
                "channel": change.channel.value,
                "accepts": change.after,
                "previously": change.before,
                "recordedAt": cell_text(change.at),
                "source": change.source_label,
                "sourceKey": change.source_key,
                "enteredBy": change.actor_label,
                "receivedEvent": _id(change.received_event_id),
            }
            for change in preference_history(contact)
        ],
        "joinedContacts": [
            {
                "id": str(merge.absorbed_id),
                "joinedAt": cell_text(merge.at),
                "joinedBy": merge.joined_by,
                "source": merge.source_label,
                "receivedEvent": _id(merge.received_event_id),
            }
            for merge in joined_into(contact)
        ],
    }


def proof_rows(contact: Contact) -> Iterator[list[str]]:
    """Yield the same as rows under `COLUMNS`, newest first.

    How a preference stands is a row of its own: its history has neither the time nor the reason.
    So is each contact that became one with this, and whose answers are among them.
    """
    definitions = {each.consent_id: each for each in _definitions(contact)}
    versions = {name: versions_of(each) for name, each in definitions.items()}
    for change in history_of(contact):
        name = change.consent.consent_id
        definition = definitions.get(name)
        yield answer_row(
            contact, change, definition.name if definition else name, versions.get(name, {})
        )
    for standing in contact.preferences.order_by("channel"):
        cells = {
            **_person(contact),
            "kind": "preference now",
            "id": standing.channel,
            "answer": standing.accepts,
            "answered_at": standing.changed_at,
            "source": standing.source_label,
            "source_key": standing.source_key,
            "entered_by": standing.actor_label,
            "comment": standing.cause,
        }
        yield _cells(cells)
    for told in preference_history(contact):
        cells = {
            **_person(contact),
            "kind": "preference",
            "id": told.channel.value,
            "answer": told.after,
            "previous_answer": told.before,
            "recorded_at": told.at,
            "source": told.source_label,
            "source_key": told.source_key,
            "entered_by": told.actor_label,
            "received_event": told.received_event_id,
        }
        yield _cells(cells)
    for merge in joined_into(contact):
        cells = {
            **_person(contact),
            "kind": "joined contact",
            "id": str(merge.absorbed_id),
            "recorded_at": merge.at,
            "source": merge.source_label,
            "comment": merge.joined_by,
            "received_event": merge.received_event_id,
        }
        yield _cells(cells)


def answer_row(
    contact: Contact, change: ConsentChange, name: str, versions: Versions, *, terms: bool = True
) -> list[str]:
    """Return one answer; without `terms` the column of that name stays empty."""
    text = versions.get(change.text_version or 0)
    cells = {
        **_person(contact),
        "kind": "consent",
        "id": change.consent.consent_id,
        "name": name,
        "answer": change.value,
        "previous_answer": change.previous_value,
        "answered_at": change.changed_at,
        "recorded_at": change.recorded_at,
        "source": change.source_label,
        "source_key": change.source_key,
        "entered_by": change.actor_label,
        "comment": change.comment,
        "received_event": change.received_event_id,
        "text_version": change.text_version,
        "text_published_at": text.published_at if text else None,
        "text": _words(text, DISPLAY),
        "terms": _words(text, CONDITION) if terms else None,
    }
    return _cells(cells)


def _consent(state: ConsentState, changes: Iterable[ConsentChange]) -> dict[str, Any]:
    answers = list(changes)
    shown = {change.text_version for change in answers}
    versions = versions_of(state.definition)
    return {
        "id": state.consent_id,
        "name": state.name,
        "state": state.state.value,
        "answers": [_answer(change) for change in answers],
        "texts": [
            text_document(text) for number, text in sorted(versions.items()) if number in shown
        ],
    }


def text_document(text: ConsentText) -> dict[str, Any]:
    return {
        "version": text.version,
        "publishedAt": cell_text(text.published_at),
        "publishedBy": text.author_label,
        "cultures": {
            culture: {
                "conditionText": parts[CONDITION],
                "displayText": parts[DISPLAY],
                "linkText": parts[LINK],
            }
            for culture, parts in text.texts.items()
        },
    }


def _answer(change: ConsentChange) -> dict[str, Any]:
    return {
        "value": change.value,
        "previously": change.previous_value,
        "date": cell_text(change.changed_at),
        "recordedAt": cell_text(change.recorded_at),
        "source": change.source_label,
        "sourceKey": change.source_key,
        "enteredBy": change.actor_label,
        "comment": change.comment,
        "receivedEvent": _id(change.received_event_id),
        "textVersion": change.text_version,
    }


def _id(event_id: UUID | None) -> str | None:
    return str(event_id) if event_id else None


def _definitions(contact: Contact) -> Iterable[ConsentDefinition]:
    return ConsentDefinition.objects.filter(site_id=contact.site_id).prefetch_related("versions")


def _person(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": contact.pk,
        "email": contact.email,
        "phone": contact.phone,
        "external_id": contact.external_id,
    }


def _words(text: ConsentText | None, part: str) -> str | None:
    if text is None:
        return None
    found = {culture: plain_words(parts.get(part, "")) for culture, parts in text.texts.items()}
    return "\n".join(f"{culture}: {words}" for culture, words in found.items() if words)


def _cells(values: Mapping[str, Any]) -> list[str]:
    return [cell_text(values.get(column)) for column in COLUMNS]
