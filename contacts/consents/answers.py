"""A contact's answers set here, by a person or a program, through the one door of contacts."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError

from contacts.consents.definitions import newest_text
from contacts.models import ConsentDefinition, Contact
from contacts.normalisation.values import line_normalised
from contacts.services import AppliedChange, ChangeSource, contact_apply
from integrations.contact_change import Channel, ConsentFact, ContactChange, Identity


def consent_set(  # noqa: PLR0913
    *,
    contact: Contact,
    consent_id: str,
    value: bool,
    at: datetime | None = None,
    comment: str = "",
    source_text: str = "",
    text_version: int | None = None,
    source: ChangeSource,
) -> AppliedChange:
    """Set yes or no. Raises ValidationError by name of an argument.

    `at` is when it was said, at most now; None is now. An answer that is older than the one known
    changes nothing. `source_text` says where it was given, beside who tells us.
    """
    definition = definition_of(contact.site_id, consent_id)
    check_answer(definition, at=at, text_version=text_version, now=source.received_at)
    fact = ConsentFact(
        consent_id=definition.consent_id,
        value=value,
        at=at or source.received_at,
        source=source_text,
        comment=comment,
        text_version=text_version,
    )
    return consents_set(contact=contact, facts=(fact,), source=source)


def consents_set(
    *, contact: Contact, facts: tuple[ConsentFact, ...], source: ChangeSource
) -> AppliedChange:
    """Apply answers that were checked."""
    change = ContactChange(identity=Identity(), consents=facts, only_known=True)
    return contact_apply(site=contact.site, change=change, source=source, contact_id=contact.pk)


def preference_set(
    *, contact: Contact, channel: Channel, accepts: bool, reason: str = "", source: ChangeSource
) -> AppliedChange:
    """Set what a contact accepts; `reason` is a few words that are kept beside it."""
    change = ContactChange(
        identity=Identity(), preferences={channel: accepts}, cause=reason, only_known=True
    )
    return contact_apply(site=contact.site, change=change, source=source, contact_id=contact.pk)


def definition_of(site_id: int, consent_id: str) -> ConsentDefinition:
    """Return what the site defined under an id; raises ValidationError."""
    wanted = line_normalised(consent_id)
    definition = ConsentDefinition.objects.filter(site_id=site_id, consent_id=wanted).first()
    if definition is None:
        raise ValidationError({"consent_id": "No consent of this site has this id."})
    return definition


def check_answer(
    definition: ConsentDefinition, *, at: datetime | None, text_version: int | None, now: datetime
) -> None:
    """Raise ValidationError, by name, for what cannot have been said, or not yet."""
    if at is not None and at > now:
        # It would outdo every answer until then, and an opt-out has to count at once.
        raise ValidationError({"at": "This is in the future."})
    if text_version is None:
        return
    newest = newest_text(definition)
    if newest is None or not 1 <= text_version <= newest.version:
        told = f"There are versions 1 to {newest.version}." if newest else "It has no texts yet."
        raise ValidationError({"text_version": f"No such version. {told}"})
