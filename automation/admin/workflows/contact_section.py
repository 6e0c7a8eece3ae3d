"""Which workflows a person went through, on their page."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from automation.admin.workflows.run_words import run_chip
from automation.models import Workflow, WorkflowRun
from contacts.admin.contact_sections import ContactSection
from contacts.models import Contact

_MOST_RUNS: Final = 8


def contact_runs(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    """Return what the section shows; None on a site that has had no workflow."""
    if not Workflow.objects.filter(site_id=contact.site_id).exists():
        return None
    rows = WorkflowRun.objects.filter(contact=contact).select_related("workflow")
    found = list(rows.defer("variables").order_by("-pk")[: _MOST_RUNS + 1])
    return {
        "runs": [{"run": run, "chip": run_chip(run)} for run in found[:_MOST_RUNS]],
        "is_more": len(found) > _MOST_RUNS,
    }


SECTION: Final = ContactSection(
    key="workflows",
    title="Workflows",
    template="admin/workflows/contact_section.html",
    context=contact_runs,
    position=60,
)
