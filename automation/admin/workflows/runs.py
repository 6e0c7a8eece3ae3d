"""The log of workflows: who went through which, how far, and why it ended there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from automation.admin.workflows.run_filters import (
    ContactFilter,
    RunSiteFilter,
    StateFilter,
    WorkflowFilter,
    run_streams,
    searched_streams,
)
from automation.admin.workflows.run_page import run_context
from automation.admin.workflows.run_words import failed_words, outcome_words, run_chip
from automation.models import WorkflowRun
from automation.workflows.services import run_cancel, step_retry
from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import DateFilter
from common.admin.relative_time import relative_time
from common.admin.shortened import shortened
from contacts.admin.change_words import contact_label
from sites.audit import Actor
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.site_filter import of_site


@admin.register(WorkflowRun)
class WorkflowRunAdmin(KeysetAdmin, PageAdmin):
    site_path = "workflow__site"
    list_display = ("happened", "workflow_column", "contact_column", "state_column", "told")
    list_filter = (RunSiteFilter, WorkflowFilter, StateFilter, ContactFilter, DateFilter)
    list_select_related = ("workflow", "workflow__site", "contact")
    list_defer = ("variables", "contact__attributes", "contact__fact_times")
    search_fields = ("id",)
    search_help_text = "E-mail, phone, contact id or run id"
    empty_list_advice = (
        "Create a workflow and start it. Everybody who goes through it is listed here, with what "
        "each step did."
    )
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("workflow__site")

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return searched_streams(request, rows, changes.query)
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        return run_streams(rows, changes.chosen, request, dates)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Workflow runs"} | (extra_context or {}))

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        troubles = failed_words(keys)
        for row in rows:
            row.trouble = troubles.get(row.pk, "")
        return rows

    @admin.display(description="Started")
    def happened(self, run: WorkflowRun) -> SafeString:
        with timezone.override(run.workflow.site.time_zone):
            return relative_time(run.started_at)

    @admin.display(description="Workflow")
    def workflow_column(self, run: WorkflowRun) -> SafeString:
        return of_site(run.workflow.name, run.workflow.site)

    @admin.display(description="Contact")
    def contact_column(self, run: WorkflowRun) -> SafeString:
        if run.contact is None:
            return format_html('<span class="quiet">{}</span>', "nobody")
        return format_html('<span class="clamp" title="{0}">{0}</span>', contact_label(run.contact))

    @admin.display(description="State")
    def state_column(self, run: WorkflowRun) -> SafeString:
        return run_chip(run)

    @admin.display(description="Outcome")
    def told(self, run: Any) -> str:
        return shortened(run.reason or run.trouble or outcome_words(run, timezone.now()))

    # -- one run ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/cancel/", view(self.cancel_view), name="automation_workflowrun_cancel"),
            path(
                "<uuid:pk>/retry/<int:position>/",
                view(self.retry_view),
                name="automation_workflowrun_retry",
            ),
            *super().get_urls(),
        ]

    def row_page(self, request: HttpRequest, row: WorkflowRun) -> HttpResponse:
        context = run_context(row, may_see_values=self.may(request, row, Role.SUPPORT))
        return self.shown(request, row, "workflows/run", row.workflow.name, **context)

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        run: WorkflowRun = self.scoped_object(request, str(pk), Role.SUPPORT)
        if run_cancel(run=run, actor=Actor.from_request(request)):
            self.message_user(request, "Cancelled: no further step is done.", messages.SUCCESS)
        else:
            self.message_user(request, "It had ended already.", messages.INFO)
        return self._page_of(run)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, pk: Any, position: int) -> HttpResponse:
        run: WorkflowRun = self.scoped_object(request, str(pk), Role.SUPPORT)
        step = run.steps.filter(position=position).first()
        if step is not None and step_retry(step=step, actor=Actor.from_request(request)):
            told = "A worker tries this step again in a moment."
            self.message_user(request, told, messages.SUCCESS)
        else:
            self.message_user(request, "This step has not failed for good.", messages.INFO)
        return self._page_of(run)

    def _page_of(self, run: WorkflowRun) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:automation_workflowrun_change", args=(run.pk,)))
