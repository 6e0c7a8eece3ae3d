"""The versions of a workflow, told in words: what each says, and what it changed."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from automation.admin.workflows.definition_words import described, version_changes
from automation.models import Workflow, WorkflowVersion
from automation.workflows.site_things import SiteThings

_MOST_LISTED: Final = 20


def versions_context(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    """Return the newest versions below the one that the address names, each with its changes."""
    rows = WorkflowVersion.objects.filter(workflow=workflow).order_by("-number")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 10:
        rows = rows.filter(number__lt=int(before))
    # One more, to tell what the oldest of the page changed.
    versions = list(rows[: _MOST_LISTED + 1])
    things = SiteThings(workflow.site)
    told = [described(version.definition, things) for version in versions]
    shown = [
        {
            "version": version,
            "described": told[place],
            "changes": version_changes(told[place + 1], told[place])
            if place + 1 < len(versions)
            else None,
            "is_active": version.pk == workflow.active_version_id,
        }
        for place, version in enumerate(versions[:_MOST_LISTED])
    ]
    is_more = len(versions) > _MOST_LISTED
    return {"versions": shown, "older": versions[_MOST_LISTED - 1].number if is_more else None}


def read_only_context(workflow: Workflow, newest: WorkflowVersion | None) -> dict[str, Any]:
    """Return the workflow as people see it who may not change it."""
    if newest is None:
        return {"described": None}
    return {"described": described(newest.definition, SiteThings(workflow.site))}
