"""Which index feeds the list of received events under each filter and search.

One site at a time wherever an index begins with the site: within it, keys are in order.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from common.admin.key_pages import KeyStream
from common.admin.list_filters import DateFilter
from sites.models import Site
from sites.roles import is_superuser
from sites.site_filter import chosen_sites
from webhooks.inbound.admin.event_filters import visible_sources, with_a_cause, with_status
from webhooks.inbound.models import EventOutcome, ReceivedEvent, Status
from webhooks.inbound.models.received_event import TROUBLED

# Claims in flight: some hundred rows; far more would mean that the leases do not expire.
_MOST_PROCESSING: Final = 5_000
# What filters ask about; the date is in the key.
_WALKED: Final = ("site", "source", "event_type", "status", "cause")
_INDEXED: Final = ("source", "type", "cause")


def event_streams(
    rows: QuerySet[ReceivedEvent], chosen: dict[str, str], request: HttpRequest, dates: DateFilter
) -> list[KeyStream]:
    """Return the streams of `rows`, which already carries the conditions of the chosen filters.

    `dates` narrows the walks as well: one that began at the newest row might never reach them.
    """
    status = chosen.get("status", "")
    # Where nothing narrows the sites, the key alone is order enough.
    sees_all = is_superuser(request.user) and "site" not in chosen
    if status == Status.PROCESSING:
        return [KeyStream(rows=rows.filter(pk__in=_processing_keys()))]
    if status == Status.RECEIVED:
        waiting = dates.queryset(request, with_status(ReceivedEvent.objects.all(), status))
        is_alone = sees_all and not any(name in chosen for name in _INDEXED)
        return [KeyStream(rows=rows, walk=None if is_alone else waiting, walked=_WALKED)]
    conditions = [name for name in _INDEXED if name in chosen] + ([status] if status else [])
    if not conditions and sees_all:
        return [KeyStream(rows=rows)]
    if conditions == ["source"]:
        # Without the viewer's sites, so that the index of the source holds all that is asked.
        return [
            KeyStream(rows=dates.queryset(request, _walk(site.pk, chosen, status)))
            for site in _sites(request, chosen)
        ]
    if conditions == [Status.PROCESSED] and sees_all:
        everything = dates.queryset(request, ReceivedEvent.objects.all())
        return [KeyStream(rows=rows, walk=everything, walked=_WALKED)]
    # One condition beside the site has an index of its own, except the state of nearly all rows.
    is_indexed = len(conditions) <= 1 and status != Status.PROCESSED
    return [
        KeyStream(
            rows=rows.filter(site_id=site.pk),
            walk=None if is_indexed else dates.queryset(request, _walk(site.pk, chosen, status)),
            walked=_WALKED,
        )
        for site in _sites(request, chosen)
    ]


def _sites(request: HttpRequest, chosen: dict[str, str]) -> list[Site]:
    """Return the sites that can hold a match: a source belongs to one."""
    sites = chosen_sites(request)
    if "source" not in chosen:
        return sites
    owners = {
        source.site_id for source in visible_sources(request) if str(source.pk) == chosen["source"]
    }
    return [site for site in sites if site.pk in owners]


def _walk(site_id: int, chosen: dict[str, str], status: str) -> QuerySet[ReceivedEvent]:
    """Return the rows of the narrowest index among the conditions."""
    rows = ReceivedEvent.objects.filter(site_id=site_id)
    if "cause" in chosen:
        return with_a_cause(rows).filter(cause=chosen["cause"])
    if status in TROUBLED:
        return with_status(rows, status)
    if "type" in chosen:
        return rows.filter(event_type=chosen["type"])
    if chosen.get("source", "").isdecimal():
        return ReceivedEvent.objects.filter(source_id=int(chosen["source"]))
    return rows


def search_streams(
    rows: QuerySet[ReceivedEvent], term: str, contact_ids: list[UUID], identities: list[str]
) -> list[KeyStream]:
    """Return the events that the term names: by id, by the sender's id, or by their person."""
    by_vendor_id = rows.exclude(event_id="").filter(event_id=term)
    streams = [KeyStream(rows=by_vendor_id)]
    named = _as_uuid(term)
    if named is not None:
        streams.append(KeyStream(rows=rows.filter(pk=named)))
        contact_ids = [*contact_ids, named]
    conditions = [Q(contact_id__in=contact_ids)] if contact_ids else []
    conditions += [~Q(identity="") & Q(identity=name) for name in identities if name]
    return [*streams, *(_outcome_stream(rows, condition) for condition in conditions)]


def _outcome_stream(rows: QuerySet[ReceivedEvent], condition: Q) -> KeyStream:
    # EXISTS is checked per row found; `IN (SELECT …)` would make SQLite list every event first.
    allowed = Exists(rows.order_by().filter(pk=OuterRef("received_event_id")))
    outcomes = EventOutcome.objects.filter(condition).filter(allowed)
    return KeyStream(rows=outcomes, key="received_event_id")


def _processing_keys() -> list[Any]:
    leased = with_status(ReceivedEvent.objects.all(), Status.PROCESSING)
    return list(leased.order_by("lease_expires_at").values_list("pk", flat=True)[:_MOST_PROCESSING])


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
