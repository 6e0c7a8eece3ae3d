"""What a visitor says, as a change of a contact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from contacts.models import Contact
from contacts.services import AppliedChange, ChangeSource, contact_apply
from integrations.contact_change import ActivityFact, Channel, ConsentFact, ContactChange, Identity
from integrations.generic_api.full_name import full_name_joined, full_name_split
from integrations.generic_api.options import CustomOption, StoredAs
from integrations.generic_api.visitor import VisitorData
from onsite.people.finding import identity_of, person_of
from onsite.people.reading import CHANNELS, TAG_ATTRIBUTE
from sites.models import Site

SOURCE_KEY: Final = "onsite"
_SOURCE_LABEL: Final = "Onsite"
_NAME_FIELDS: Final = ("first_name", "last_name")


def contact_change(
    *,
    visitor: VisitorData,
    options: Iterable[CustomOption],
    tag: str,
    occurred_at: datetime,
    activities: tuple[ActivityFact, ...] = (),
) -> ContactChange:
    """Return what the visitor says about themselves; what they left out is left alone."""
    attributes: dict[str, Any] = {TAG_ATTRIBUTE: tag} if tag else {}
    preferences: dict[Channel, bool] = {}
    consents: list[ConsentFact] = []
    for option in options:
        value = visitor.options.get(option.key)
        if value is None:
            continue
        if channel := CHANNELS.get(option.stored_as):
            preferences[channel] = value is True
        elif option.stored_as is StoredAs.CONSENT:
            consents.append(
                ConsentFact(consent_id=option.key, value=value is True, source=_SOURCE_LABEL)
            )
        else:
            attributes[option.key] = value
    return ContactChange(
        identity=identity_of(visitor),
        occurred_at=occurred_at,
        fields=_name_fields(visitor.name),
        attributes=attributes,
        preferences=preferences,
        consents=tuple(consents),
        activities=activities,
    )


def apply(
    *,
    site: Site,
    change: ContactChange,
    label: str,
    received_at: datetime,
    said: ContactChange | None = None,
) -> AppliedChange:
    """Apply the change to the contact whom `person_find` finds; `notes` tell what was set aside.

    `said` is the part that the visitor said themselves, None for all of it. The rest a register
    knows, and nobody knows since when: a yes of it never undoes a no. What another process does
    between finding and applying is settled by the rules of contacts.
    """
    person = person_of(site, change.identity)
    if said is not None and person.contact is not None:
        change = _without_undone_optouts(change, said, person.contact)
    applied = contact_apply(
        site=site,
        change=replace(
            change,
            identity=_without(change.identity, person.set_aside),
            fields=_without_known_name(change, person.contact),
        ),
        source=ChangeSource(key=SOURCE_KEY, label=label, received_at=received_at),
    )
    return replace(applied, notes=(*person.notes, *applied.notes))


def _without_undone_optouts(
    change: ContactChange, said: ContactChange, contact: Contact
) -> ContactChange:
    """Return the change without what would undo a no on hearsay; inside a transaction."""
    own = {fact.consent_id for fact in said.consents}
    channels = {
        channel
        for channel, accepts in change.preferences.items()
        if accepts and channel not in said.preferences
    }
    consents = {fact.consent_id for fact in change.consents if fact.value} - own
    if not channels and not consents:
        return change
    # So that no opt-out comes in between.
    Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).values_list("pk").first()
    refused = contact.preferences.filter(accepts=False).values_list("channel", flat=True)
    channels &= {Channel(channel) for channel in refused}
    consents &= set(contact.consents.filter(value=False).values_list("consent_id", flat=True))
    return replace(
        change,
        preferences={
            channel: accepts
            for channel, accepts in change.preferences.items()
            if channel not in channels
        },
        consents=tuple(fact for fact in change.consents if fact.consent_id not in consents),
    )


def _without(identity: Identity, names: Iterable[str]) -> Identity:
    rest = replace(identity)
    for name in names:
        setattr(rest, name, "")
    return rest


def _name_fields(name: str) -> dict[str, str | None]:
    if not name.strip():
        return {}
    first, last = full_name_split(name)
    return {"first_name": first or None, "last_name": last or None}


def _without_known_name(change: ContactChange, contact: Contact | None) -> dict[str, str | None]:
    """Return the fields without a name that the contact has already, however it was split."""
    fields = dict(change.fields)
    if contact is None or not fields.keys() & set(_NAME_FIELDS):
        return fields
    given = full_name_joined(*(fields.get(each) or "" for each in _NAME_FIELDS))
    if given == full_name_joined(contact.first_name, contact.last_name):
        for each in _NAME_FIELDS:
            fields.pop(each, None)
    return fields
