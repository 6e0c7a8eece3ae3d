"""What the page of one contact shows, besides the timeline."""

from __future__ import annotations

from typing import Any, Final

from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from contacts.admin.field_words import values_shown
from contacts.models import Contact, ContactSourceId, Preference
from integrations.contact_change import Channel, EmailStatus

CHANNEL_LABELS: Final = {Channel.EMAIL: "E-mail", Channel.SMS: "SMS", Channel.POSTAL: "Post"}
_STATUS_TONES: Final = {
    EmailStatus.ACTIVE: Tone.GOOD,
    EmailStatus.BOUNCED: Tone.BAD,
    EmailStatus.PAUSED: Tone.WARNING,
    EmailStatus.BANNED: Tone.BAD,
}
_RECENT_REVISIONS: Final = 200
_PROFILE: Final = (
    ("Care of", "care_of"),
    ("Street", "street"),
    ("Postal code", "postal_code"),
    ("City", "city"),
    ("Country", "country_code"),
    ("Birth date", "birth_date"),
    ("Gender", "gender"),
    ("Language", "language"),
)


def contact_name(contact: Contact) -> str:
    return f"{contact.first_name} {contact.last_name}".strip()


def email_status_chip(contact: Contact) -> SafeString:
    if contact.deleted_at:
        return status_chip("Erased", Tone.QUIET, title=contact.deletion_reason)
    status = EmailStatus(contact.email_status)
    return status_chip(status.capitalize(), _STATUS_TONES[status], title=contact.email_status_cause)


def preference_chip(channel: Channel, preference: Preference | None) -> SafeString:
    """Return one labelled mark: yes, no, or not known."""
    label = CHANNEL_LABELS[channel]
    if preference is None:
        return status_chip(label, Tone.WAITING, title=f"{label}: not known")
    tone, word = (Tone.GOOD, "yes") if preference.accepts else (Tone.BAD, "no")
    return status_chip(label, tone, title=f"{label}: {word}")


def preferences_by_channel(contact: Contact) -> list[tuple[Channel, Preference | None]]:
    held = {preference.channel: preference for preference in contact.preferences.all()}
    return [(channel, held.get(channel.value)) for channel in Channel]


def contact_context(contact: Contact) -> dict[str, Any]:
    """Return the contact's standing: who they are and what they agreed to."""
    field_values, attributes = values_shown(contact)
    named = [(label, getattr(contact, field)) for label, field in _PROFILE]
    return {
        "contact": contact,
        "name": contact_name(contact),
        "status_chip": email_status_chip(contact),
        "profile": [(label, value) for label, value in named if value],
        "field_values": field_values,
        "attributes": attributes,
        "source_ids": _source_ids(contact),
        "preferences": [
            (CHANNEL_LABELS[channel], preference, preference_chip(channel, preference))
            for channel, preference in preferences_by_channel(contact)
        ],
        "email_lists": contact.email_lists.order_by("source_key", "list_id"),
        "has_personal_identity": contact.personal_identity_hash is not None,
    }


def _source_ids(contact: Contact) -> list[tuple[str, ContactSourceId]]:
    """Return the ids with the sender's name as its latest changes of this contact give it."""
    recent = contact.revisions.order_by("-at").values_list("source_key", "source_label")
    labels = dict(list(recent[:_RECENT_REVISIONS])[::-1])
    rows = contact.source_ids.order_by("source_key", "kind", "value")
    return [(labels.get(row.source_key) or row.source_key, row) for row in rows]
