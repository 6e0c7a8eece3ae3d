"""The one name by which a row's person is found in the list of received events."""

from __future__ import annotations

from contacts.normalisation.values import line_normalised
from integrations.contact_change import Identity
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from sites.models import Site


def identity_text(identity: Identity, site: Site) -> str:
    """Return e-mail, phone, external id or the sender's id, the first there is; else nothing.

    Spelled as contacts store it. What cannot be normalised stays as it came: a row that was set
    aside for its address is searched by that address.
    """
    if identity.email:
        return email_normalised(identity.email) or line_normalised(identity.email).lower()
    if identity.phone:
        number = phone_normalised(identity.phone, site.default_country)
        return number or line_normalised(identity.phone)
    if identity.external_id:
        return line_normalised(identity.external_id)
    return next((line_normalised(value) for value in identity.source_ids.values() if value), "")
