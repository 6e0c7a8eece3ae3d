"""The pages of segments: edited with a preview, looked into, tested, computed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from automation.admin.segments.giving_page import GivingPages
from automation.admin.segments.live_test import live_test
from automation.admin.segments.rule_acting import acted
from automation.admin.segments.rule_shown import shown_rule
from automation.admin.segments.rule_words import typed_rule_words
from automation.admin.segments.segment_form import SegmentForm
from automation.admin.segments.segment_list import SegmentListAdmin
from automation.admin.segments.segment_page import (
    OVERVIEW,
    RULE,
    members_context,
    moves_context,
    overview_context,
    tabs_of,
)
from automation.admin.segments.segment_words import state_chip
from automation.models import Segment
from automation.segments.matching import TooSlow
from automation.segments.preview import Preview, segment_preview
from automation.segments.rules import MOST_CONDITIONS, MOST_DEPTH, empty_rule, rule_json
from automation.segments.services import (
    USES,
    segment_delete,
    segment_export_start,
    segment_recompute_start,
    segment_save,
)
from common.uses import users_of
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.delete_pages import DeletePages, DeleteWords
from sites.models import Role
from sites.opened_state import OpenedState, posted_action
from sites.roles import sites_for
from sites.template_pages import TemplatePages, site_to_add_to

SAVE: Final = "save"
PREVIEW: Final = "preview"
Act = Callable[[HttpRequest, Segment], HttpResponse]


@admin.register(Segment)
class SegmentAdmin(DeletePages, TemplatePages, GivingPages, SegmentListAdmin):
    template_folder = "segments"
    delete_noun = "segment"
    delete_base_template = "admin/segments/base.html"

    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sites = list(sites_for(request.user, Role.OPERATOR))
        site = site_to_add_to(request, sites)
        if site is None:
            return self.page(request, "choose_site", "Add a segment", sites=sites)
        segment = Segment(site=site, rule=rule_json(empty_rule()))
        return self._edit(request, segment)

    # -- the page of a segment -------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        segment: Segment = self.scoped_object(request, object_id)
        may_change = self.may(request, segment, self.change_role)
        tab = request.GET.get("tab", OVERVIEW)
        if tab not in dict(tabs_of(may_change=may_change)):
            tab = OVERVIEW
        if tab == RULE:
            return self._edit(request, segment)
        if request.method == "POST" and tab == OVERVIEW and "who" in request.POST:
            who = request.POST["who"]
            return self._tab(
                request, segment, tab, who=who, test=live_test(segment, who),
                **overview_context(segment),
            )  # fmt: skip
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        contexts: dict[str, Callable[[], dict[str, Any]]] = {
            OVERVIEW: lambda: overview_context(segment),
            "members": lambda: members_context(request, segment),
            "moves": lambda: moves_context(request, segment),
        }
        return self._tab(request, segment, tab, **contexts[tab]())

    def _tab(
        self, request: HttpRequest, segment: Segment, tab: str, **context: Any
    ) -> HttpResponse:
        may_change = self.may(request, segment, self.change_role)
        everything: dict[str, Any] = {
            "segment": segment,
            "tab": tab,
            "tabs": tabs_of(may_change=may_change),
            "section": f"admin/segments/tab_{tab}.html",
            "state_chip": state_chip(segment),
            "may_change": may_change,
            "may_delete": self.has_delete_permission(request, segment),
            "history_url": audit_url(segment),
            "users": users_of(segment, USES),
        }
        return self.page(request, "page", segment.name, site=segment.site, **everything | context)

    # -- the editor ------------------------------------------------------------------------------

    def _edit(self, request: HttpRequest, segment: Segment) -> HttpResponse:
        if request.method != "POST":
            return self._editor(
                request, segment, SegmentForm(segment=segment), OpenedState(None, segment)
            )
        form = SegmentForm(request.POST, segment=segment)
        opened = OpenedState(request.POST, segment)
        action = posted_action(request.POST, SAVE)
        if action == SAVE:
            if self._saved(request, segment, form, opened):
                return _to(segment)
            return self._editor(request, segment, form, opened)
        if action == PREVIEW:
            preview = _preview(segment, form)
            return self._editor(
                request, segment, form, opened, preview=preview, is_preview_refused=preview is None
            )
        return self._editor(request, segment, form, opened, look_at=acted(form.tree, action))

    def _saved(
        self, request: HttpRequest, segment: Segment, form: SegmentForm, opened: OpenedState
    ) -> bool:
        rule = form.rule()
        if not form.is_valid() or rule is None:
            form.is_refused = True
            return False
        # What is stored stays on the page when it is refused.
        before = {name: getattr(segment, name) for name in ("name", "description", "every_minutes")}
        form.fill(segment)
        try:
            segment_save(
                segment=segment, rule=rule, actor=Actor.from_request(request), opened=opened
            )
        except ValidationError as error:
            form.show_errors(error)
            for name, value in before.items():
                setattr(segment, name, value)
            return False
        messages.success(request, f"The segment “{segment.name}” was saved.")
        return True

    def _editor(
        self,
        request: HttpRequest,
        segment: Segment,
        form: SegmentForm,
        opened: OpenedState,
        **shown: Any,
    ) -> HttpResponse:
        summary, incomplete = typed_rule_words(form.tree, form.offer, segment.site)
        is_new = segment._state.adding
        context = (
            shown_rule(form.tree, form.offer)
            | shown
            | {
                "form": form,
                "opened": opened,
                "problems": form.problems,
                "is_new": is_new,
                "summary": summary,
                "incomplete": incomplete,
                "most_conditions": MOST_CONDITIONS,
                "most_depth": MOST_DEPTH,
            }
        )
        if "fragment" in request.POST:
            return self._fragment(request, segment, context)
        if is_new:
            title = f"Add a segment to {segment.site}"
            return self.page(request, "add", title, site=segment.site, segment=segment, **context)
        return self._tab(request, segment, RULE, **context)

    def _fragment(
        self, request: HttpRequest, segment: Segment, context: dict[str, Any]
    ) -> HttpResponse:
        return TemplateResponse(request, "admin/segments/rule.html", context | {"segment": segment})

    # -- acting ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        acts: dict[str, Act] = {"recompute": self._recompute, "export": self._export}
        own = [
            path(
                f"<path:object_id>/{name}/",
                view(self._posted(act)),
                name=f"automation_segment_{name}",
            )
            for name, act in acts.items()
        ]
        return own + super().get_urls()

    def _posted(self, act: Act) -> Any:
        def guarded(request: HttpRequest, object_id: str) -> HttpResponse:
            segment: Segment = self.scoped_object(request, object_id, Role.OPERATOR)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                return act(request, segment)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
                return _to(segment)

        return guarded

    def _recompute(self, request: HttpRequest, segment: Segment) -> HttpResponse:
        job = segment_recompute_start(segment=segment, actor=Actor.from_request(request))
        return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))

    def _export(self, request: HttpRequest, segment: Segment) -> HttpResponse:
        segment_export_start(segment=segment, actor=Actor.from_request(request))
        messages.success(request, "The file is being written. It is listed below when it is done.")
        return HttpResponseRedirect(
            f"{reverse('admin:contacts_contact_export')}?site={segment.site_id}"
        )

    # -- deleting --------------------------------------------------------------------------------

    def delete_words(self, row: Segment) -> DeleteWords:
        goes = (
            "The segment goes, with the list of its members and of who entered and left. The "
            "contacts themselves stay as they are."
        )
        return DeleteWords(goes=goes, users=users_of(row, USES))

    def delete_model(self, request: HttpRequest, obj: Segment) -> None:
        segment_delete(segment=obj, actor=Actor.from_request(request))


def _preview(segment: Segment, form: SegmentForm) -> Preview | None:
    """Return what saving would do; None where the form says why that is not known."""
    rule = form.rule()
    if rule is None:
        return None
    try:
        return segment_preview(segment.site, rule, None if segment._state.adding else segment)
    except TooSlow as error:
        form.problems.append(str(error))
        return None


def _to(segment: Segment) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:automation_segment_change", args=[segment.pk]))
