"""What keys may do as a table: a row per resource, a column each for reading and writing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sites.models import Scope

COLUMNS: Final = ("Read", "Write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One row; None where there is no such scope."""

    name: str
    covers: str
    read: Scope | None = None
    write: Scope | None = None

    @property
    def scopes(self) -> tuple[Scope | None, ...]:
        """Return the cells in the order of `COLUMNS`."""
        return (self.read, self.write)


RESOURCES: Final = (
    Resource(
        name="Contacts",
        covers="Contacts, the fields they have, and the segments they are in",
        read=Scope.CONTACTS_READ,
        write=Scope.CONTACTS_WRITE,
    ),
    Resource(
        name="Consents",
        covers="What the site asks for, and what contacts answered",
        read=Scope.CONSENTS_READ,
        write=Scope.CONSENTS_WRITE,
    ),
    Resource(
        name="Loyalty",
        covers="Points, vouchers and promotions",
        read=Scope.LOYALTY_READ,
        write=Scope.LOYALTY_WRITE,
    ),
    Resource(
        name="Custom events",
        covers="Events that custom integrations receive by the public API",
        write=Scope.CUSTOM_EVENTS_WRITE,
    ),
    Resource(
        name="Onsite",
        covers="Visitors of a campaign, sent through the flow",
        write=Scope.ONSITE_WRITE,
    ),
    Resource(
        name="Management",
        covers="Subscriptions, deliveries, sources and received events",
        read=Scope.MANAGEMENT_READ,
        write=Scope.MANAGEMENT_WRITE,
    ),
)


def scope_words(scopes: Collection[str]) -> str:
    """Return what a key may do in words; a scope of a later version by its own name."""
    words = []
    for resource in RESOURCES:
        held = [
            column.lower()
            for column, scope in zip(COLUMNS, resource.scopes, strict=True)
            if scope is not None and scope in scopes
        ]
        if held:
            words.append(f"{resource.name}: {' and '.join(held)}")
    unknown = [scope for scope in scopes if scope not in Scope.values]
    return "; ".join((*words, *unknown)) or "Nothing"
