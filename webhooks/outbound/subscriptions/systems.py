"""The systems of a site that change something here: a receiver may be one of them.

What came from that system is not sent back to it. Sources are named by whoever knows them: this
side of webhooks does not know the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from sites.models import Site

# Public id, and the name that people know it by.
System = tuple[str, str]

_of_sites: Final[list[Callable[[Site], Iterable[System]]]] = []


def add_systems(found: Callable[[Site], Iterable[System]]) -> None:
    """Let a function name systems of a site; called once, when the app is ready."""
    if found not in _of_sites:
        _of_sites.append(found)


def systems_of(site: Site) -> tuple[System, ...]:
    return tuple(each for found in _of_sites for each in found(site))
