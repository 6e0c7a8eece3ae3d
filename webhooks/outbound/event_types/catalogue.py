"""All types together: those of every site, and those that a site has by its own configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from sites.models import Site
from webhooks.outbound.event_types.account_events import ACCOUNT_EVENT_TYPES
from webhooks.outbound.event_types.contact_events import CONTACT_EVENT_TYPES
from webhooks.outbound.event_types.event_type import EventType
from webhooks.outbound.event_types.loyalty_events import LOYALTY_EVENT_TYPES
from webhooks.outbound.event_types.onsite_events import ONSITE_EVENT_TYPES
from webhooks.outbound.event_types.operational_events import OPERATIONAL_EVENT_TYPES
from webhooks.outbound.event_types.relays import relay_event_types, relay_named
from webhooks.outbound.event_types.segment_events import SEGMENT_EVENT_TYPES

SiteEventTypes = Callable[[Site], Iterable[EventType]]

# Filled by who knows what a site has: this side of webhooks knows nothing of the other.
_of_sites: Final[list[SiteEventTypes]] = []


def add_site_event_types(found: SiteEventTypes) -> None:
    """Let a function name further types of a site; called once, when the app is ready."""
    if found not in _of_sites:
        _of_sites.append(found)


@cache
def static_event_types() -> tuple[EventType, ...]:
    """Return the types that every site has, group by group."""
    return (
        *CONTACT_EVENT_TYPES,
        *LOYALTY_EVENT_TYPES,
        *ONSITE_EVENT_TYPES,
        *SEGMENT_EVENT_TYPES,
        *relay_event_types(),
        *ACCOUNT_EVENT_TYPES,
        *OPERATIONAL_EVENT_TYPES,
    )


def event_types_of(site: Site) -> tuple[EventType, ...]:
    """Return all types of a site, each once: what its configuration adds comes last."""
    own = {each.key: each for found in _of_sites for each in found(site)}
    known = {each.key for each in static_event_types()}
    return (*static_event_types(), *(each for key, each in own.items() if key not in known))


def event_type_named(site: Site, key: str) -> EventType | None:
    """Return the type of this name, also of a relay whose name no vendor documents."""
    for each in event_types_of(site):
        if each.key == key:
            return each
    return relay_named(key)
