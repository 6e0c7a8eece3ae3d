"""What came of a received event beyond contacts, told by whoever knows: nothing here does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from webhooks.inbound.models import ReceivedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that a consequence led to in turn; `note` says more about it."""

    label: str
    url: str
    chip: SafeString
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """Something that an event caused, with a page of its own."""

    label: str
    url: str
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """A card of the event's page; `more_url` has the rest where there is more than is listed.

    `nothing` is said where nothing is listed; `remedy_url` leads to where that can be changed.
    """

    title: str
    nothing: str
    listed: Sequence[Consequence]
    more_url: str = ""
    remedy_label: str = ""
    remedy_url: str = ""


Found = Callable[[ReceivedEvent], Consequences]

_registered: Final[list[Found]] = []


def register_consequences(found: Found) -> None:
    """Let a function tell what an event caused; called once, when the admin is loaded."""
    if found not in _registered:
        _registered.append(found)


def consequences_of(event: ReceivedEvent) -> list[Consequences]:
    return [found(event) for found in _registered]
