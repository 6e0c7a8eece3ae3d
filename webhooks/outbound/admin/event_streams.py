"""Which index feeds the list of outbound events under each filter and search."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.key_pages import KeyStream
from contacts.search import contacts_found
from sites.roles import is_superuser
from sites.site_filter import chosen_sites
from webhooks.outbound.models import Event

_LONGEST: Final = 254


def event_streams(
    rows: QuerySet[Event], chosen: dict[str, str], request: HttpRequest
) -> list[KeyStream]:
    """Return the streams of `rows`, which already carries the conditions of the chosen filters."""
    if is_superuser(request.user) and not {"site", "type"} & set(chosen):
        return [KeyStream(rows=rows)]
    return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in chosen_sites(request)]


def searched_streams(request: HttpRequest, rows: QuerySet[Event], query: str) -> list[KeyStream]:
    """Return the events that the text names: by an id, by what they came from, or by a person."""
    term = query.strip().replace("\0", "")[:_LONGEST]
    conditions = [Q(message_id=term)]
    named = _as_uuid(term)
    if named is not None:
        conditions += [Q(pk=named), Q(received_event_id=named)]
    for site in chosen_sites(request):
        if found := contacts_found(site=site, text=term):
            conditions.append(Q(contact_id__in=found))
    return [KeyStream(rows=rows.filter(condition)) for condition in conditions]


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
