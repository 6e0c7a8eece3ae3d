"""The pages of a workflow: created, edited, tried, started and paused."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse

from automation.admin.workflows.draft import stored_draft
from automation.admin.workflows.dry_run_page import dry_run_context
from automation.admin.workflows.editor import REVEAL, Editor
from automation.admin.workflows.run_words import IN_PROGRESS, workflow_chip
from automation.admin.workflows.versions_page import read_only_context, versions_context
from automation.admin.workflows.workflow_list import WorkflowListAdmin
from automation.models import Workflow, WorkflowRun, WorkflowState, WorkflowVersion
from automation.workflows.problems import BadDefinition
from automation.workflows.services import (
    workflow_delete,
    workflow_pause,
    workflow_save,
    workflow_start,
)
from common.capped_count import capped_count
from sites.admin.audited import audit_url
from sites.audit import Actor, audit_record
from sites.models import Role
from sites.opened_state import OpenedState, posted_action, values_stamp
from sites.roles import sites_for
from sites.template_pages import TemplatePages

STEPS: Final = "steps"
DRY_RUN: Final = "dry_run"
VERSIONS: Final = "versions"
_NEXT: Final = "Press Start, and new contacts go through it."
_DELETED: Final = (
    "Nobody begins any more, and who is in the middle of it goes no further. Its runs stay in the "
    "log. To stop it for a while, pause it instead."
)
_MOST_COUNTED: Final = 1_000


@admin.register(Workflow)
class WorkflowAdmin(TemplatePages, WorkflowListAdmin):
    """Adding and changing have an editor of their own."""

    template_folder = "workflows"

    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sites = list(sites_for(request.user, Role.OPERATOR).order_by("name"))
        chosen = request.GET.get("site", "")
        site = next((each for each in sites if str(each.pk) == chosen), None)
        if site is None:
            return self.page(request, "choose", "Create new workflow", sites=sites)
        return self._edit(request, Workflow(site=site), None)

    # -- the page of a workflow ------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        workflow: Workflow = self.scoped_object(request, object_id)
        tab = request.GET.get("tab", STEPS)
        may_change = workflow.deleted_at is None and self.may(request, workflow, self.change_role)
        if tab == DRY_RUN and self.may(request, workflow, Role.SUPPORT):
            context = dry_run_context(request, workflow, _newest(workflow))
            return self._workflow_page(request, workflow, DRY_RUN, **context)
        if request.method == "POST" and (tab != STEPS or not may_change):
            raise PermissionDenied
        if tab == VERSIONS:
            context = versions_context(request, workflow)
            return self._workflow_page(request, workflow, VERSIONS, **context)
        newest = _newest(workflow)
        if may_change:
            return self._edit(request, workflow, newest)
        return self._workflow_page(
            request, workflow, "reading", **read_only_context(workflow, newest)
        )

    def _edit(
        self, request: HttpRequest, workflow: Workflow, newest: WorkflowVersion | None
    ) -> HttpResponse:
        if request.method != "POST":
            document = newest.definition if newest else None
            draft = stored_draft(workflow.name, workflow.description, document)
            opened = OpenedState(None, workflow, stamp_of=_stamp)
            return self._editor_page(request, workflow, Editor(workflow.site, draft), opened)
        editor = Editor.posted(request.POST, workflow.site)
        opened = OpenedState(request.POST, workflow, stamp_of=_stamp)
        action = posted_action(request.POST, "")
        if action in ("save", "start"):
            if self._save(request, workflow, editor, opened, and_start=action == "start"):
                page = reverse("admin:automation_workflow_change", args=[workflow.pk])
                return HttpResponseRedirect(page)
        elif action == "pause" and newest is not None:
            self._pause(request, workflow)
        elif action == REVEAL and newest is not None:
            self._reveal(request, workflow, editor)
        else:
            editor.act(action, request.POST.get("new_action", ""))
        return self._editor_page(request, workflow, editor, opened)

    def _reveal(self, request: HttpRequest, workflow: Workflow, editor: Editor) -> None:
        """Show the personal ones among the samples once, and note who looked."""
        editor.is_masked = False
        audit_record(
            actor=Actor.from_request(request),
            action="workflow.samples_revealed",
            site=workflow.site,
            target=workflow,
        )

    def _save(
        self,
        request: HttpRequest,
        workflow: Workflow,
        editor: Editor,
        opened: OpenedState,
        *,
        and_start: bool,
    ) -> bool:
        draft, actor = editor.draft, Actor.from_request(request)
        workflow.name, workflow.description = draft.name.strip(), draft.description.strip()
        is_new = workflow._state.adding
        before = None if is_new else _newest(workflow)
        try:
            version = workflow_save(
                workflow=workflow, definition=draft.document, actor=actor, opened=opened
            )
        except BadDefinition as error:
            editor.show_problems(error.problems)
        except ValidationError as error:
            editor.show_problems(_problems(error))
        if editor.is_refused:
            # What was inserted before the refusal is gone with its transaction.
            workflow._state.adding = is_new
            return False
        is_changed = before is None or before.pk != version.pk
        told = f"Saved as version {version.number}." if is_changed else "Saved."
        if not and_start:
            is_ahead = workflow.active_version_id != version.pk
            messages.success(request, f"{told} {_NEXT if is_ahead else ''}".strip())
            return True
        try:
            workflow_start(workflow=workflow, actor=actor)
        except (BadDefinition, ValidationError) as error:
            why = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            messages.warning(request, f"{told} It was not started: {why}")
        else:
            messages.success(request, f"Version {version.number} is running.")
        return True

    def _pause_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workflow: Workflow = self.scoped_object(request, object_id, Role.OPERATOR)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._pause(request, workflow)
        return HttpResponseRedirect(reverse("admin:automation_workflow_change", args=[object_id]))

    def _pause(self, request: HttpRequest, workflow: Workflow) -> None:
        try:
            workflow_pause(workflow=workflow, actor=Actor.from_request(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request,
                "Paused: nobody begins, and who is under way waits until it is started again.",
            )

    # -- pages -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<path:object_id>/pause/", view(self._pause_view), name="automation_workflow_pause"
            ),
        ]
        return own + super().get_urls()

    def _editor_page(
        self, request: HttpRequest, workflow: Workflow, editor: Editor, opened: OpenedState
    ) -> HttpResponse:
        return self._workflow_page(request, workflow, STEPS, opened=opened, **editor.context())

    def _workflow_page(
        self, request: HttpRequest, workflow: Workflow, tab: str, **context: Any
    ) -> HttpResponse:
        stored = None if workflow._state.adding else workflow
        head: dict[str, Any] = {"newest": None}
        if stored is not None:
            # The name as it is stored, whatever stands typed in the editor.
            stored = self.scoped_object(request, str(workflow.pk))
            newest = _newest(stored)
            head = {
                "chip": workflow_chip(stored.state),
                "newest": newest,
                "is_ahead": newest is not None and newest.pk != stored.active_version_id,
                "history_url": audit_url(stored),
                "may_delete": self.has_delete_permission(request, stored),
                "may_support": self.may(request, stored, Role.SUPPORT),
                "may_change": self.may(request, stored, self.change_role),
                "is_running": stored.state == WorkflowState.RUNNING,
            }
        return self.page(
            request,
            "page",
            stored.name if stored else "New workflow",
            site=workflow.site,
            workflow=stored,
            tab=tab,
            section=f"admin/workflows/tab_{tab}.html",
            **head,
            **context,
        )

    # -- deleting --------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_gone = obj is not None and obj.deleted_at is not None
        return not is_gone and super().has_delete_permission(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        workflow = self.get_object(request, object_id)
        under_way = _under_way(workflow) if workflow is not None else ""
        context = {"delete_advice": f"{under_way}{_DELETED}"} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    def delete_model(self, request: HttpRequest, obj: Workflow) -> None:
        workflow_delete(workflow=obj, actor=Actor.from_request(request))


def _newest(workflow: Workflow) -> WorkflowVersion | None:
    return WorkflowVersion.objects.filter(workflow=workflow).order_by("-number").first()


def _stamp(workflow: Workflow) -> str:
    """Starting and pausing change nothing that the editor shows."""
    newest = None if workflow._state.adding else _newest(workflow)
    return values_stamp(workflow.name, workflow.description, newest and newest.number)


def _problems(error: ValidationError) -> list[tuple[str, str]]:
    if not hasattr(error, "error_dict"):
        return [("", sentence) for sentence in error.messages]
    return [
        (field, sentence)
        for field, sentences in error.message_dict.items()
        for sentence in sentences
    ]


def _under_way(workflow: Workflow) -> str:
    """Return how many contacts deleting the workflow would stop, as the start of a sentence."""
    open_runs = WorkflowRun.objects.filter(workflow=workflow, state__in=IN_PROGRESS)
    found = capped_count(open_runs, most=_MOST_COUNTED)
    if not found:
        return ""
    if found.count == 1:
        return "1 contact is in the middle of it. "
    return f"{found.words.capitalize()} contacts are in the middle of it. "
