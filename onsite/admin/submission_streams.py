"""Which index feeds the list of submissions under each filter and search.

One site at a time wherever an index begins with the site: within it, keys are in order.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.key_pages import KeyStream
from common.admin.list_filters import DateFilter
from contacts.normalisation.personal_identity import personal_identity_normalised
from contacts.search import contacts_found
from integrations.generic_api.visitor import VisitorData
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from onsite.admin.submission_filters import again_parts
from onsite.flow.fingerprints import visitor_key
from onsite.models import Submission
from sites.models import Site
from sites.roles import is_superuser
from sites.site_filter import chosen_sites

# Without an index of their own.
_WALKED: Final = ("role", "tag")
_ASKED: Final = ("site", "state", "write_outcome", *_WALKED)
_LONGEST: Final = 254


def submission_streams(
    rows: QuerySet[Submission], chosen: dict[str, str], request: HttpRequest, dates: DateFilter
) -> list[KeyStream]:
    """Return the streams of `rows`, which already carries the conditions of the chosen filters."""
    is_walked = any(name in chosen for name in _WALKED)
    if is_superuser(request.user) and not {"site", "state", "again"} & set(chosen):
        everything = dates.queryset(request, Submission.objects.all())
        return [KeyStream(rows=rows, walk=everything if is_walked else None, walked=_ASKED)]
    return [
        KeyStream(
            rows=rows.filter(part, site_id=site.pk),
            walk=dates.queryset(request, Submission.objects.filter(part, site_id=site.pk))
            if is_walked
            else None,
            walked=_ASKED,
        )
        for site in chosen_sites(request)
        for part in _parts(chosen)
    ]


def searched_streams(
    rows: QuerySet[Submission], chosen: dict[str, str], request: HttpRequest, query: str
) -> list[KeyStream]:
    """Return the submissions of the visitor whom the term names, or the one with this id."""
    if "again" in chosen:
        # A visitor has few: what is found by name is checked one by one.
        rows = rows.filter(reduce(or_, _parts(chosen), Q(pk__in=[])))
    term = query.strip().replace("\0", "")[:_LONGEST]
    streams = [KeyStream(rows=rows.filter(pk=named)) for named in _uuids(term)]
    for site in chosen_sites(request):
        of_site = rows.filter(site_id=site.pk)
        streams += [KeyStream(rows=of_site.filter(visitor_key=key)) for key in _keys(term, site)]
        contacts = contacts_found(site=site, text=term)
        if contacts:
            streams.append(KeyStream(rows=of_site.filter(contact_id__in=contacts)))
    return streams


def _parts(chosen: dict[str, str]) -> list[Q]:
    """Return the conditions that each have an index within a site and together are the filter."""
    state = chosen.get("state", "")
    if "again" in chosen:
        return again_parts(state)
    return [Q(state=state)] if state else [Q()]


def _keys(term: str, site: Site) -> set[str]:
    country = site.default_country
    read = [
        VisitorData(email=email_normalised(term) or ""),
        VisitorData(phone=phone_normalised(term, country) or ""),
        VisitorData(personal_identity=personal_identity_normalised(term, country) or ""),
    ]
    return {visitor_key(visitor) for visitor in read if visitor.has_identity}


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []
