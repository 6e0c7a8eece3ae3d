"""The running workflows, in memory: a site that has none costs one short query for each batch."""

# ruff: noqa: S608 - the statement inside is a model's own.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from automation.models import Workflow, WorkflowState
from automation.workflows.definition import Definition, stored_definition
from automation.workflows.triggers import Trigger
from webhooks.inbound.models import ReceptionEvent, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWorkflow:
    """A workflow in its active version: what beginning needs of it.

    `source_id` is the source whose received events set it off, where some do.
    """

    id: UUID
    site_id: int
    name: str
    version_id: int
    definition: Definition
    source_id: int | None = None


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
    with connection.cursor() as cursor:
        cursor.execute(*_mark_statement())
        return tuple(cursor.fetchone())


@cache
def _mark_statement() -> tuple[str, tuple[Any, ...]]:
    # Built once: it is asked several times for each batch of events, at less than building costs.
    columns = ("id", "updated_at", "active_version_id", "site_id")
    running, parameters = _running().order_by().values_list(*columns).query.sql_with_params()
    return (
        "SELECT COUNT(id), MAX(updated_at), SUM(active_version_id), SUM(site_id) "
        f"FROM ({running}) AS running",
        parameters,
    )


def _load() -> Mapping[int, ByTrigger]:
    found: defaultdict[int, defaultdict[str, list[RunningWorkflow]]] = defaultdict(
        lambda: defaultdict(list)
    )
    rows = list(_running().select_related("active_version").order_by("created_at", "pk"))
    definitions = {
        row.pk: stored_definition(row.active_version.definition)
        for row in rows
        if row.active_version is not None
    }
    sources = _sources([definition.trigger for definition in definitions.values()])
    for row in rows:
        definition = definitions[row.pk]
        found[row.site_id][definition.trigger["type"]].append(
            RunningWorkflow(
                id=row.pk,
                site_id=row.site_id,
                name=row.name,
                version_id=row.active_version_id or 0,
                definition=definition,
                source_id=sources.get(_source_name(definition.trigger)),
            )
        )
    return MappingProxyType(
        {
            site_id: MappingProxyType({kind: tuple(each) for kind, each in kinds.items()})
            for site_id, kinds in found.items()
        }
    )


def _source_name(trigger: Trigger) -> str:
    return str(trigger.get("event") or trigger.get("source") or "")


def _sources(triggers: Sequence[Trigger]) -> dict[str, int]:
    """Return the keys of sources by the ids under which triggers name them."""
    names = {_source_name(trigger) for trigger in triggers}
    events = ReceptionEvent.objects.filter(event_id__in=names)
    sources = Source.objects.filter(public_id__in=names)
    return {
        **dict(events.values_list("event_id", "source_id")),
        **dict(sources.values_list("public_id", "pk")),
    }
