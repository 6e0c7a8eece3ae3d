"""The list of workflows: what sets each off, whether it runs, and how many went through it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from automation.admin.workflows.run_words import workflow_chip
from automation.admin.workflows.workflow_counts import LatelyCounts, lately_counts
from automation.models import Workflow, WorkflowState, WorkflowVersion
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import trigger_words
from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ColumnFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from sites.admin.audited import AuditedAdmin, audit_url
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site


class StateFilter(ColumnFilter):
    title = "State"
    parameter_name = "state"
    choices_of_column = WorkflowState


class WorkflowListAdmin(KeysetAdmin, AuditedAdmin, SiteScopedAdmin):
    list_display = ("named", "trigger_column", "state_column", "lately", "started", "menu")
    list_filter = (SiteFilter, StateFilter)
    list_title = "Workflows"
    list_select_related = ("site",)
    # The newest runs of each are counted.
    list_per_page = 25
    change_list_template = "admin/workflows/list.html"
    search_fields = ("name",)
    search_help_text = "Name"
    empty_list_advice = (
        "Create a workflow: what happens by itself when an event is received, a contact changes or "
        "a time has come. It does nothing before you start it."
    )
    actions = None

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None).filter(deleted_at=None)
        for word in changes.query.split():
            rows = rows.filter(name__icontains=word)
        return [KeyStream(rows=rows)]

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        counts, triggers = lately_counts(keys), _triggers(keys)
        things: dict[int, SiteThings] = {}
        for row in rows:
            row.lately_counts = counts[row.pk]
            of_its_site = things.setdefault(row.site_id, SiteThings(row.site))
            trigger = triggers.get(row.pk)
            row.trigger_words = trigger_words(trigger, of_its_site) if trigger else ""
        return rows

    @admin.display(description="Workflow")
    def named(self, workflow: Workflow) -> SafeString:
        return of_site(workflow.name, workflow.site)

    @admin.display(description="Trigger")
    def trigger_column(self, workflow: Any) -> str | None:
        return workflow.trigger_words or None

    @admin.display(description="State")
    def state_column(self, workflow: Workflow) -> SafeString:
        return workflow_chip(workflow.state)

    @admin.display(description="Last 7 days")
    def lately(self, workflow: Any) -> SafeString:
        return counts_cell(workflow.lately_counts, str(workflow.pk))

    @admin.display(description="Started")
    def started(self, workflow: Workflow) -> SafeString:
        with timezone.override(workflow.site.time_zone):
            return relative_time(workflow.started_at)

    @admin.display(description="")
    def menu(self, workflow: Workflow) -> SafeString:
        page = reverse("admin:automation_workflow_change", args=[workflow.pk])
        runs = reverse("admin:automation_workflowrun_changelist")
        entries = [
            ("Open", page),
            ("Dry run", f"{page}?tab=dry_run"),
            ("Runs", f"{runs}?workflow={workflow.pk}"),
            ("Versions", f"{page}?tab=versions"),
            ("Audit log", audit_url(workflow)),
        ]
        return row_menu(workflow.name, entries)


def _triggers(keys: list[Any]) -> dict[Any, dict[str, Any]]:
    """Return the trigger of each workflow's newest version."""
    versions = WorkflowVersion.objects.filter(workflow__in=keys).order_by("workflow", "number")
    return dict(versions.values_list("workflow_id", "definition__trigger"))


def counts_cell(counts: LatelyCounts, workflow_id: str) -> SafeString:
    """Return how many went through lately, each number a link to those runs."""
    if not counts.total:
        return format_html('<span class="quiet">{}</span>', "nobody")
    runs = f"{reverse('admin:automation_workflowrun_changelist')}?workflow={workflow_id}&state="
    parts = [
        (runs, state, f"{count:,}", word)
        for state, count, word in (
            ("finished", counts.finished, "finished"),
            ("waiting", counts.waiting, "waiting"),
            ("ready", counts.ready, "in progress"),
            ("stopped", counts.stopped, "stopped"),
            ("cancelled", counts.cancelled, "cancelled"),
            ("failed_step", counts.failed, "with a failed step"),
        )
        if count
    ]
    return format_html(
        '<span class="run-counts" title="{}">{}</span>',
        f"Of the newest {counts.total:,}" if counts.is_cut else "",
        format_html_join(", ", '<a href="{}{}">{} {}</a>', parts),
    )
