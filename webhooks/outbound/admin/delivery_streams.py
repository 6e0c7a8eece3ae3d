"""Which index feeds the log of deliveries under each filter and search.

One site or subscription at a time: within it, keys are in order.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.key_pages import KeyStream
from common.admin.list_filters import DateFilter
from contacts.search import contacts_found
from sites.roles import is_superuser
from sites.site_filter import chosen_sites
from webhooks.outbound.admin.delivery_filters import visible_subscriptions
from webhooks.outbound.delivering.unit import unit_of_message
from webhooks.outbound.models import TROUBLED, Delivery, Event
from webhooks.outbound.recovering.conditions import in_state, is_waiting

# What waits has no index in order of key. So many are sorted; beyond that the newest are walked.
_MOST_WAITING: Final = 5_000
# The newest events of people, or of one received batch; each has a delivery per subscription.
_MOST_EVENTS: Final = 500
_LONGEST: Final = 254
_WALKED: Final = (
    "site", "subscription", "event_type", "status", "attempts", "last_status_code", "last_error",
)  # fmt: skip
# Conditions without an index of their own.
_BY_WALK: Final = ("type", "code", "error", "tries")


def delivery_streams(
    rows: QuerySet[Delivery], chosen: dict[str, str], request: HttpRequest, dates: DateFilter
) -> list[KeyStream]:
    """Return the streams of `rows`, which already carries the conditions of the chosen filters.

    `dates` narrows the walks as well: one that began at the newest row might never reach them.
    """
    state = chosen.get("state", "")
    if state == "pending":
        waiting = _waiting_keys(request, chosen)
        if waiting is not None:
            return [KeyStream(rows=rows.filter(pk__in=waiting))]
    is_walked = any(name in chosen for name in _BY_WALK) or bool(state and state not in TROUBLED)
    sees_all = is_superuser(request.user) and "site" not in chosen
    if sees_all and "subscription" not in chosen and state not in TROUBLED:
        walk = dates.queryset(request, Delivery.objects.all()) if is_walked else None
        return [KeyStream(rows=rows, walk=walk, walked=_WALKED)]
    streams = []
    for owner in _owners(request, chosen):
        narrowed = dates.queryset(request, _walk(owner, state))
        if is_walked:
            streams.append(KeyStream(rows=rows.filter(**owner), walk=narrowed, walked=_WALKED))
        else:
            # Without the viewer's sites, so that the index of the owner holds all that is asked.
            streams.append(KeyStream(rows=narrowed))
    return streams


def _owners(request: HttpRequest, chosen: dict[str, str]) -> list[dict[str, int]]:
    """Return what the index begins with: the chosen subscription, or each site."""
    sites = {site.pk for site in chosen_sites(request)}
    if "subscription" not in chosen:
        return [{"site_id": pk} for pk in sites]
    return [
        {"subscription_id": each.pk}
        for each in visible_subscriptions(request)
        if str(each.pk) == chosen["subscription"] and each.site_id in sites
    ]


def _walk(owner: dict[str, int], state: str) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(**owner)
    return rows.filter(in_state(state)) if state in TROUBLED else rows


def _waiting_keys(request: HttpRequest, chosen: dict[str, str]) -> list[UUID] | None:
    """Return the keys of all that is on its way, or None when that is too much to sort."""
    sites = {site.pk for site in chosen_sites(request)}
    keys: list[UUID] = []
    for each in visible_subscriptions(request):
        if each.site_id in sites and chosen.get("subscription") in (None, str(each.pk)):
            waiting = Delivery.objects.filter(is_waiting(), subscription_id=each.pk)
            keys += _first_keys(waiting.order_by("due_at", "pk"), _MOST_WAITING + 1 - len(keys))
            if len(keys) > _MOST_WAITING:
                return None
    leased = Delivery.objects.filter(in_state("sending")).order_by()
    return keys + _first_keys(leased, _MOST_WAITING)


def searched_streams(request: HttpRequest, rows: QuerySet[Delivery], query: str) -> list[KeyStream]:
    """Return the deliveries that the text names: by an id of theirs, their event or its person."""
    term = query.strip().replace("\0", "")[:_LONGEST]
    named = unit_of_message(term) or _as_uuid(term)
    events = _first_keys(Event.objects.filter(message_id=term), 1)
    for site in chosen_sites(request):
        if found := contacts_found(site=site, text=term):
            about = Event.objects.filter(contact_id__in=found).order_by("-pk")
            events += _first_keys(about, _MOST_EVENTS)
    streams = []
    if named is not None:
        caused = Event.objects.filter(received_event_id=named)
        events += [named, *_first_keys(caused, _MOST_EVENTS)]
        streams = [KeyStream(rows=rows.filter(pk=named)), _unit_stream(rows, named)]
    # Fetched first: told to sort by key, a planner may walk the whole log for them.
    keys = _first_keys(Delivery.objects.filter(event_id__in=events[:_MOST_EVENTS]), _MOST_WAITING)
    return [*streams, KeyStream(rows=rows.filter(pk__in=keys))]


def _unit_stream(rows: QuerySet[Delivery], unit: UUID) -> KeyStream:
    return KeyStream(
        rows=rows.filter(pk__in=_first_keys(Delivery.objects.filter(unit=unit), _MOST_WAITING))
    )


def _first_keys(rows: QuerySet[Any], count: int) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:count])


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
