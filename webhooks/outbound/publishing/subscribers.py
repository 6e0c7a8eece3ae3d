"""Who is told of what: the subscriptions of a site, asked type by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from webhooks.outbound.event_types.conditions import holds
from webhooks.outbound.event_types.matching import matches
from webhooks.outbound.formats.base import Format
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.publishing.new_event import NewEvent
from webhooks.outbound.subscriptions.directory import (
    SubscriptionSnapshot,
    subscriptions_by_site,
)

# Vendors name their events as they like: what is remembered of names has an end.
_MOST_TYPES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription that wants a type and whose format can carry it.

    One that asks for raw requests is told only of what came in as one.
    """

    subscription: SubscriptionSnapshot
    # None where the format is gone: the deliveries then say so, and somebody notices.
    format: Format | None
    needs_raw: bool

    def wants(self, event: NewEvent) -> bool:
        """Say whether it is told of this event, of a type that it wants."""
        subscription = self.subscription
        came_from = event.source_key
        if came_from and came_from in (subscription.source_key, subscription.public_id):
            return False
        if self.needs_raw and event.raw is None:
            return False
        if subscription.conditions and not holds(subscription.conditions, event.payload):
            return False
        if self.format is None or not self.format.asks_payload:
            return True
        return self.format.wants(event.type, event.payload, subscription.format_settings)


class Audience:
    """The subscriptions of one site, whatever their state, and whom each type concerns."""

    def __init__(self, subscriptions: Sequence[SubscriptionSnapshot]) -> None:
        self.subscriptions = subscriptions
        self._with_format = [(each, format_for(each.format_key)) for each in subscriptions]
        self._by_type: dict[str, tuple[Subscriber, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self.subscriptions)

    def of_type(self, event_type: str) -> tuple[Subscriber, ...]:
        """Return who wants events of the type, as far as the type tells."""
        found = self._by_type.get(event_type)
        if found is None:
            if len(self._by_type) >= _MOST_TYPES:
                self._by_type.clear()
            found = self._by_type[event_type] = tuple(
                Subscriber(each, format_, _needs_raw(each, format_))
                for each, format_ in self._with_format
                if matches(each.event_types, event_type)
                and (format_ is None or format_.carries(event_type, each.format_settings))
            )
        return found


_NOBODY: Final = Audience(())
# The audiences of the directory as it was last seen; replaced as a whole when that is.
_known: tuple[Mapping[int, tuple[SubscriptionSnapshot, ...]], dict[int, Audience]] = ({}, {})


def audience_of(site_id: int) -> Audience:
    """Return the audience of a site as the current transaction sees it."""
    return audiences().get(site_id, _NOBODY)


def audiences() -> Mapping[int, Audience]:
    """Return the audience of every site that has one."""
    global _known  # noqa: PLW0603 - one for the process, as the directory is
    directory = subscriptions_by_site()
    seen, known = _known
    if seen is not directory:
        known = {site_id: Audience(each) for site_id, each in directory.items()}
        _known = (directory, known)
    return known


def _needs_raw(subscription: SubscriptionSnapshot, format_: Format | None) -> bool:
    return format_ is not None and format_.needs_raw(subscription.format_settings)
