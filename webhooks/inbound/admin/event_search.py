"""What a search above the list of received events means: an id, or a person by e-mail or phone."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.key_pages import KeyStream
from contacts.search import contacts_found
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from sites.models import Site
from sites.site_filter import chosen_sites
from webhooks.inbound.admin.event_streams import search_streams
from webhooks.inbound.models import ReceivedEvent

_LONGEST: Final = 254


def searched_streams(
    request: HttpRequest, rows: QuerySet[ReceivedEvent], query: str
) -> list[KeyStream]:
    term = query.strip().replace("\0", "")[:_LONGEST]
    contact_ids: list[UUID] = []
    # What a row said of its person is searched too: it is found when no contact came of it.
    identities = {term, term.lower()}
    for site in chosen_sites(request):
        identities.update(_person_names(term, site))
        contact_ids += contacts_found(site=site, text=term)
    return search_streams(rows, term, list(set(contact_ids)), sorted(identities))


def _person_names(term: str, site: Site) -> set[str]:
    read = (email_normalised(term), phone_normalised(term, site.default_country))
    return {name for name in read if name}
