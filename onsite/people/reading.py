"""A contact as the Generic API shows it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from common.encryption import DecryptionFailed
from contacts.models import Contact
from integrations.contact_change import Channel
from integrations.generic_api.full_name import full_name_joined
from integrations.generic_api.option_values import clean_value
from integrations.generic_api.options import CustomOption, StoredAs
from integrations.generic_api.visitor import VisitorData

logger = logging.getLogger(__name__)

# The one special field of the Generic API; contacts keep it as an attribute of the same name.
TAG_ATTRIBUTE: Final = "redeal"
CHANNELS: Final[Mapping[StoredAs, Channel]] = {
    StoredAs.EMAIL_PREFERENCE: Channel.EMAIL,
    StoredAs.SMS_PREFERENCE: Channel.SMS,
    StoredAs.POSTAL_PREFERENCE: Channel.POSTAL,
}


def visitor_of(contact: Contact, options: Iterable[CustomOption]) -> VisitorData:
    """Return what is known of the contact; an option that was never set is absent."""
    return VisitorData(
        email=contact.email or "",
        phone=contact.phone or "",
        name=full_name_joined(contact.first_name, contact.last_name),
        personal_identity=_personal_identity(contact),
        options=_option_values(contact, tuple(options)),
    )


def stored_tag(contact: Contact) -> str:
    """Return the last `redeal` that was written, "" when none ever was."""
    tag = contact.attributes.get(TAG_ATTRIBUTE)
    return tag if isinstance(tag, str) else ""


def _personal_identity(contact: Contact) -> str:
    if contact.personal_identity_hash is None:
        return ""
    try:
        number: str = contact.personal_identity_number
    except DecryptionFailed:
        # Answering without it keeps the visitor going; the rest of the contact is readable.
        logger.error("contact %s: its personal identity number does not decrypt", contact.pk)  # noqa: TRY400
        return ""
    return number


def _option_values(contact: Contact, options: tuple[CustomOption, ...]) -> dict[str, Any]:
    kept_as = {option.stored_as for option in options}
    accepts: dict[str, bool] = {}
    consents: dict[str, bool] = {}
    if kept_as & CHANNELS.keys():
        accepts = dict(contact.preferences.values_list("channel", "accepts"))
    if StoredAs.CONSENT in kept_as:
        consents = dict(contact.consents.values_list("consent_id", "value"))
    values: dict[str, Any] = {}
    for option in options:
        if channel := CHANNELS.get(option.stored_as):
            stored: Any = accepts.get(channel.value)
        elif option.stored_as is StoredAs.CONSENT:
            stored = consents.get(option.key)
        else:
            stored = contact.attributes.get(option.key)
        # Other systems set attributes too: what is not of the option's type is not the option.
        if stored is not None:
            with suppress(ValueError):
                values[option.key] = clean_value(option, stored)
    return values
