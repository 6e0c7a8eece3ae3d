"""Further tabs of a custom integration's page, one per kind of thing that it groups.

Who is beside or above the page registers its tab when its admin is loaded; the page knows none.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from django.db.models import Count
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from integrations.models import CustomIntegration


class IntegrationTab(abc.ABC):
    """One tab. `template` renders it with what `context` returns.

    `relation` leads from an integration to what the tab lists, for counting.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    template: ClassVar[str]
    relation: ClassVar[str]

    @abc.abstractmethod
    def context(self, request: HttpRequest, integration: CustomIntegration) -> dict[str, Any]:
        """Return what the template needs; the viewer may see the integration."""


_tabs: dict[str, IntegrationTab] = {}


def register_tab(tab: IntegrationTab) -> None:
    if tab.key in _tabs:
        raise ValueError(f"Two integration tabs with the key {tab.key}.")
    _tabs[tab.key] = tab


def integration_tabs() -> tuple[IntegrationTab, ...]:
    return tuple(_tabs.values())


def things_count(*relations: str) -> Combinable:
    """Return how many things an integration has under these relations and those of all tabs."""
    first, *others = (*relations, *(tab.relation for tab in integration_tabs()))
    total: Combinable = Count(first, distinct=True)
    for relation in others:
        total = total + Count(relation, distinct=True)
    return total
