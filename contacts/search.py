"""Finding contacts by what people write down: an e-mail, a phone number, an id."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from contacts.models import Contact, ContactMerge
from contacts.normalisation.emails import email_normalised
from contacts.normalisation.phones import phone_normalised
from sites.models import Site


def contacts_found(*, site: Site, text: str) -> list[UUID]:
    """Return the ids of the site's contacts that the text names exactly.

    An e-mail or phone is read as contacts are stored, a phone as one of the site's country. The id
    of a contact that was absorbed finds the one that was kept.
    """
    term = text.strip().replace("\0", "")
    named = Q(external_id=term)
    if email := email_normalised(term):
        named |= Q(email=email)
    if phone := phone_normalised(term, site.default_country):
        named |= Q(phone=phone)
    found = set(Contact.objects.filter(named, site_id=site.pk).values_list("pk", flat=True))
    try:
        contact_id = UUID(term)
    except ValueError:
        return list(found)
    kept = ContactMerge.objects.filter(site_id=site.pk, absorbed_id=contact_id)
    return [contact_id, *found, *kept.values_list("contact_id", flat=True)]
