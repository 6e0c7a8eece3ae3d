from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from automation.models import Workflow, WorkflowState
from automation.workflows.definition import BadDefinition
from automation.workflows.services import (
    workflow_delete,
    workflow_pause,
    workflow_save,
    workflow_start,
)
from automation.workflows.site_things import SiteThings
from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from config.configuration.workflow_documents import with_ids, with_names
from sites.models import Site

_KEYS: Final = ("name", "description", "running", "definition")


class WorkflowsSection:
    """The site's workflows, by name, each in its newest version; their log is no configuration."""

    key = "workflows"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        things = SiteThings(site)
        rows = sorted(_present(site).values(), key=lambda each: each.name)
        return [_exported(each, things) for each in rows]

    def remove_unlisted(self, value: Any, run: Applying) -> None:
        """Delete what the file does not name: before what it uses."""
        assert run.site is not None
        listed = value if isinstance(value, list) else []
        names = {each.get("name") for each in listed if isinstance(each, dict)}
        for name, workflow in sorted(_present(run.site).items()):
            if name in names:
                continue
            if run.prune:
                workflow_delete(workflow=workflow, actor=run.actor)
            else:
                run.unlisted.append(f"workflow {name}")

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = _present(run.site)
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            workflow = present.get(name) or Workflow(site=run.site, name=name)
            try:
                _apply_workflow(run, entry, workflow)
            except BadDefinition as error:
                for place, sentence in error.problems:
                    entry.problem(f"definition.{place}" if place else "definition", sentence)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error)


def _present(site: Site) -> dict[str, Workflow]:
    return {each.name: each for each in Workflow.objects.filter(site=site, deleted_at=None)}


def _exported(workflow: Workflow, things: SiteThings) -> dict[str, Any]:
    newest = workflow.versions.first()
    return {
        "name": workflow.name,
        "description": workflow.description,
        "running": workflow.state == WorkflowState.RUNNING,
        "definition": with_names(newest.definition, things) if newest else {},
    }


def _apply_workflow(run: Applying, entry: Entry, workflow: Workflow) -> None:
    assert run.site is not None
    before = len(run.problems.lines)
    description, running = entry.text("description"), entry.flag("running")
    document = entry.mapping("definition")
    if description is not None:
        workflow.description = description
    if document is None and workflow._state.adding:
        entry.problem("definition", "A new workflow needs its definition.")
    if len(run.problems.lines) > before:
        return
    newest = None if workflow._state.adding else workflow.versions.first()
    if document is not None:
        definition = with_ids(document, SiteThings(run.site))
    else:
        assert newest is not None
        definition = newest.definition
    workflow_save(workflow=workflow, definition=definition, actor=run.actor)
    if running:
        workflow_start(workflow=workflow, actor=run.actor)
    elif running is False and workflow.state == WorkflowState.RUNNING:
        workflow_pause(workflow=workflow, actor=run.actor)
