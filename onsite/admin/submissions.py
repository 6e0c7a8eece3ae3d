"""Onsite submissions: the list, and one visitor's run with the reason why it ended as it did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import DateFilter
from common.admin.relative_time import relative_time
from common.admin.shortened import shortened
from common.masks import MASK
from onsite.admin.resend_pages import ResendPages
from onsite.admin.submission_filters import AgainFilter, RoleFilter, StateFilter, TagFilter
from onsite.admin.submission_page import submission_context
from onsite.admin.submission_streams import searched_streams, submission_streams
from onsite.admin.submission_words import known_words, state_chip, why_words
from onsite.admin.visitor_data import ENCRYPTED, visitor_name, visitors_of
from onsite.models import Register, Submission
from onsite.resending.obstacles import resendable
from sites.models import Role
from sites.revealing import RevealingAdmin
from sites.scope import meets
from sites.site_filter import SiteFilter, of_site


@admin.register(Submission)
class SubmissionAdmin(ResendPages, KeysetAdmin, RevealingAdmin):
    reveal_action = "submission.visitor_revealed"
    change_list_template = "admin/submissions/change_list.html"
    list_display = ("arrived", "state_column", "tag_column", "visitor_column", "register_column",
                    "runs", "told")  # fmt: skip
    list_filter = (StateFilter, AgainFilter, RoleFilter, TagFilter, SiteFilter, DateFilter)
    list_select_related = ("site",)
    list_defer = ("conversion", "notes")
    actions = ("resend_selected",)
    search_fields = ("id",)
    search_help_text = "E-mail, phone, submission id or contact id"
    empty_list_advice = (
        "Make an API key that may send Onsite submissions, and let the site's own flow send its "
        "visitors with it: each is listed here with what came of the visit."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        rows: QuerySet[Submission] = super().get_queryset(request)
        return rows.defer(*ENCRYPTED)

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return searched_streams(rows, changes.chosen, request, changes.query)
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        return submission_streams(rows, changes.chosen, request, dates)

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        visitors = visitors_of([row for row in rows if meets(request, row.site_id, Role.SUPPORT)])
        for row in rows:
            row.visitor_name = visitor_name(visitors[row.pk]) if row.pk in visitors else MASK
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Onsite submissions",
            "resend_all_url": self.plan_of_all_url(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="Received")
    def arrived(self, submission: Submission) -> SafeString:
        with timezone.override(submission.site.time_zone):
            return relative_time(submission.received_at)

    @admin.display(description="State")
    def state_column(self, submission: Submission) -> SafeString:
        return state_chip(submission)

    @admin.display(description="redeal")
    def tag_column(self, submission: Submission) -> SafeString:
        role = ", ".join(filter(None, (submission.get_role_display(), known_words(submission))))
        return format_html(
            '<span class="clamp">{}</span><span class="clamp quiet">{}</span>',
            submission.tag or "No tag",
            role,
        )

    @admin.display(description="Visitor")
    def visitor_column(self, submission: Submission) -> SafeString:
        return of_site(getattr(submission, "visitor_name", MASK), submission.site)

    @admin.display(description="Register")
    def register_column(self, submission: Submission) -> str:
        return "Retailer" if submission.register == Register.GENERIC_API else "Patchbay"

    @admin.display(description="Sent")
    def runs(self, submission: Submission) -> str:
        return "once" if submission.sent == 1 else f"{submission.sent} times"

    @admin.display(description="Reason")
    def told(self, submission: Submission) -> str:
        return shortened(why_words(submission))

    # -- one submission --------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("resend/", view(self.plan_view), name=self.plan_url_name),
            path("<uuid:pk>/resend/", view(self.resend_view), name="onsite_submission_resend"),
        ]
        return own + super().get_urls()

    def masked_page(
        self, request: HttpRequest, row: Submission, *, is_masked: bool
    ) -> HttpResponse:
        may_support = self.may(request, row, Role.SUPPORT)
        context = submission_context(row, is_masked=is_masked, with_answer=may_support)
        return self.shown(
            request,
            row,
            "submissions/page",
            "Onsite submission",
            obstacle=resendable(row),
            **context,
        )
