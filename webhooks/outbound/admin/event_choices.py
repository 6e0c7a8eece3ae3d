"""The catalogue as a subscription can choose from it."""

from __future__ import annotations

from dataclasses import dataclass

from webhooks.outbound.event_types import EventType, event_types_of
from webhooks.outbound.event_types.matching import matches
from webhooks.outbound.formats.base import Format
from webhooks.outbound.models import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGroup:
    """Types under one heading, with the wildcards that mean whole branches of them."""

    name: str
    types: tuple[EventType, ...]
    wildcards: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.wildcards, *(each.key for each in self.types))


def carried_types(subscription: Subscription, dialect: Format | None) -> tuple[EventType, ...]:
    """Return the types of the site that the format can write."""
    settings = subscription.format_settings
    return tuple(
        each
        for each in event_types_of(subscription.site)
        if dialect is None or dialect.carries(each.key, settings)
    )


def received_types(subscription: Subscription, dialect: Format | None) -> tuple[EventType, ...]:
    """Return the types that the subscription receives, as far as the catalogue knows them."""
    return tuple(
        each
        for each in carried_types(subscription, dialect)
        if matches(subscription.event_types, each.key)
    )


def event_groups(subscription: Subscription, dialect: Format) -> tuple[tuple[EventGroup, ...], int]:
    """Return the groups that the format carries anything of, and how many types it does not."""
    carried = carried_types(subscription, dialect)
    by_name: dict[str, list[EventType]] = {}
    for each in carried:
        by_name.setdefault(str(each.group), []).append(each)
    groups = tuple(
        EventGroup(name=name, types=tuple(types), wildcards=_wildcards(types))
        for name, types in by_name.items()
    )
    return groups, len(event_types_of(subscription.site)) - len(carried)


def _wildcards(types: list[EventType]) -> tuple[str, ...]:
    """Return the branch that all types of a group stand on, such as `contact.*`."""
    branches = {each.key.rpartition(".")[0] for each in types}
    shared = {branch.split(".")[0] for branch in branches}
    if len(types) < 2 or len(shared) != 1 or "" in shared:
        return ()
    common: list[str] = []
    for parts in zip(*(branch.split(".") for branch in branches), strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return (f"{'.'.join(common)}.*",)
