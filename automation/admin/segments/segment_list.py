"""The list of segments: what each says, how many are in it, and how current that is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from automation.admin.segments.recent_moves import RecentMoves, recent_moves
from automation.admin.segments.rule_words import stored_rule_words
from automation.admin.segments.segment_words import (
    due_words,
    moves_words,
    state_chip,
    took_words,
)
from automation.models import Segment
from automation.segments.rule_names import RuleNames
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from sites.admin.audited import AuditedAdmin, audit_url
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site


class SegmentChangeList(ChangeList):
    """Marks each listed segment with its rule in words, its moves, and what the viewer may do."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        segments = list(self.result_list)
        moves = recent_moves([segment.pk for segment in segments])
        names: dict[int, RuleNames] = {}
        for segment in segments:
            of_its_site = names.setdefault(segment.site_id, RuleNames(segment.site))
            segment.rule_words = stored_rule_words(segment, of_its_site)
            segment.recent_moves = moves.get(segment.pk, RecentMoves())
            segment.is_theirs = self.model_admin.may(request, segment, self.model_admin.change_role)
        self.result_list = segments


class SegmentListAdmin(AuditedAdmin, SiteScopedAdmin):
    list_title = "Segments"
    list_display = ("named", "says", "members_column", "state", "computed", "moves", "due", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter,)
    list_select_related = ("site",)
    # Each rule is read for its words.
    list_per_page = 25
    sortable_by = ("named", "members_column", "computed")
    search_fields = ("name", "description")
    search_help_text = "Name or description"
    ordering = ("site__name", "name", "pk")
    change_list_template = "admin/segments/list.html"
    empty_list_advice = (
        "A segment is a counted set of contacts that keeps itself current: everybody in Stockholm "
        "who accepts e-mail and bought in the last 30 days, say. Add one, say who belongs to it, "
        "and look at the preview before you save."
    )
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SegmentChangeList

    @admin.display(description="segment", ordering="name")
    def named(self, segment: Segment) -> SafeString:
        return of_site(segment.name, segment.site)

    @admin.display(description="who is in it")
    def says(self, segment: Any) -> SafeString:
        return format_html('<span class="clamp" title="{0}">{0}</span>', segment.rule_words)

    @admin.display(description="members", ordering="member_count")
    def members_column(self, segment: Segment) -> str:
        return f"{segment.member_count:,}" if segment.computed_at else "—"

    @admin.display(description="state")
    def state(self, segment: Segment) -> SafeString:
        return state_chip(segment)

    @admin.display(description="computed", ordering="computed_at")
    def computed(self, segment: Segment) -> SafeString:
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            relative_time(segment.computed_at),
            took_words(segment),
        )

    @admin.display(description="7 days")
    def moves(self, segment: Segment) -> SafeString:
        return moves_words(getattr(segment, "recent_moves", RecentMoves()))

    @admin.display(description="next")
    def due(self, segment: Segment) -> SafeString:
        return due_words(segment)

    @admin.display(description="")
    def menu(self, segment: Segment) -> SafeString:
        page = reverse("admin:automation_segment_change", args=[segment.pk])
        entries = [
            ("Open", page),
            ("Members", f"{page}?tab=members"),
            ("Moves", f"{page}?tab=moves"),
        ]
        if getattr(segment, "is_theirs", False):
            entries += [("Change the rule", f"{page}?tab=rule"), ("Audit log", audit_url(segment))]
        return row_menu(segment.name, entries)
