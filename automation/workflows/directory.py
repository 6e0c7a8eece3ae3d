"""The running workflows, in memory: a site that has none costs one short query for each batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, Max, QuerySet, Sum

from automation.models import Workflow, WorkflowState
from automation.workflows.definition import Definition, stored_definition


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWorkflow:
    """A workflow in one of its versions: what beginning and going on need of it."""

    id: UUID
    site_id: int
    name: str
    version_id: int
    definition: Definition


ByTrigger = Mapping[str, tuple[RunningWorkflow, ...]]


class _Loaded(NamedTuple):
    mark: tuple[Any, ...]
    by_site: Mapping[int, ByTrigger]


_NONE: Final[ByTrigger] = MappingProxyType({})
_current: _Loaded | None = None


def running_workflows() -> Mapping[int, ByTrigger]:
    """Return those in which contacts may begin, by site and by kind of trigger.

    The answer is what the caller's transaction sees.
    """
    global _current  # noqa: PLW0603 - one snapshot per process, replaced as a whole
    mark = _mark()
    if _current is None or _current.mark != mark:
        _current = _Loaded(mark, _load())
    return _current.by_site


def running_of(site_id: int, kind: str) -> tuple[RunningWorkflow, ...]:
    return running_workflows().get(site_id, _NONE).get(kind, ())


def _running() -> QuerySet[Workflow]:
    return Workflow.objects.filter(
        state=WorkflowState.RUNNING, deleted_at=None, site__is_active=True
    )


def _mark() -> tuple[Any, ...]:
    rows = (
        _running()
        .order_by()
        .aggregate(Count("id"), Max("updated_at"), Sum("active_version"), Sum("site"))
    )
    return tuple(rows.values())


def _load() -> Mapping[int, ByTrigger]:
    found: defaultdict[int, defaultdict[str, list[RunningWorkflow]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in _running().select_related("active_version").order_by("created_at", "pk"):
        assert row.active_version is not None
        definition = stored_definition(row.active_version.definition)
        found[row.site_id][definition.trigger["type"]].append(
            RunningWorkflow(
                id=row.pk,
                site_id=row.site_id,
                name=row.name,
                version_id=row.active_version.pk,
                definition=definition,
            )
        )
    return MappingProxyType(
        {
            site_id: MappingProxyType({kind: tuple(each) for kind, each in kinds.items()})
            for site_id, kinds in found.items()
        }
    )
