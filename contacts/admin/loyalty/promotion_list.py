"""The list of promotions, each with how many have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from common.admin.relative_time import relative_time
from common.admin.row_menu import row_menu
from common.capped_count import COUNTED, CappedCount
from contacts.admin.loyalty.capped_counts import newest_counts
from contacts.admin.loyalty.loyalty_words import CHANNEL_LABELS, promotion_chip
from contacts.models import Promotion, PromotionAssignment
from sites.admin.audited import AuditedAdmin, audit_url
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site

_OF_PROMOTION: Final[Any] = PromotionAssignment._meta.get_field("promotion")
_REDEEMED: Final = PromotionAssignment._meta.get_field("redeemed_at").name
_NOWHERE: Final = format_html('<span class="quiet">{}</span>', "redeemed nowhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentCounts:
    """Of the newest assignments, as many as are counted; `redeemed` are among them."""

    assigned: CappedCount
    redeemed: int

    @property
    def words(self) -> str:
        if not self.assigned:
            return "nobody yet"
        of_newest = f" of the newest {self.assigned.most:,}" if self.assigned.is_cut else ""
        plural = "" if self.assigned.count == 1 else "s"
        return f"{self.assigned.words} contact{plural}, {self.redeemed:,}{of_newest} redeemed"


def assignment_counts(promotion: Promotion) -> AssignmentCounts:
    """Count along the index of the promotion, and never to the end of many."""
    newest = PromotionAssignment.objects.filter(promotion=promotion).order_by("-pk")
    found = newest[: COUNTED + 1].aggregate(assigned=Count("pk"), redeemed=Count("redeemed_at"))
    assigned = CappedCount(found["assigned"], COUNTED)
    return AssignmentCounts(assigned=assigned, redeemed=found["redeemed"])


class PromotionChangeList(ChangeList):
    """Marks each listed promotion with its counts, in one query, and with the viewer's role."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        promotions = list(self.result_list)
        counts = newest_counts(_OF_PROMOTION, [each.pk for each in promotions], filled=_REDEEMED)
        for promotion in promotions:
            assigned, redeemed = counts[promotion.pk]
            promotion.counts = AssignmentCounts(assigned=assigned, redeemed=redeemed)
            promotion.is_theirs = self.model_admin.may(request, promotion, Role.OPERATOR)
        self.result_list = promotions


class StatusFilter(ChoiceFilter):
    title = "Status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in ("Draft", "Scheduled", "Active", "Ended")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        has_ended, is_later = Q(ends_at__lte=now), Q(starts_at__gt=now)
        # As `contacts.loyalty.validity.status_of` decides of one. A null is neither.
        not_ended = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        has_begun = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
        conditions = {
            "Draft": Q(is_draft=True),
            "Ended": Q(is_draft=False) & has_ended,
            "Scheduled": Q(is_draft=False) & not_ended & is_later,
            "Active": Q(is_draft=False) & not_ended & has_begun,
        }
        return queryset.filter(conditions[self.chosen])


class PromotionListAdmin(AuditedAdmin, SiteScopedAdmin):
    view_role = Role.VIEWER
    add_role = change_role = delete_role = Role.OPERATOR
    list_title = "Promotions"
    list_display = ("named", "status", "runs", "redeemed_at_column", "given", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter, StatusFilter)
    list_select_related = ("site",)
    list_per_page = 25
    search_fields = ("name", "external_id")
    search_help_text = "Name or external id"
    ordering = ("site__name", "name", "pk")
    change_list_template = "admin/filtered_list.html"
    empty_list_advice = (
        "A promotion is an offer that contacts get and redeem once: a discount at the till, or in "
        "the web shop."
    )
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PromotionChangeList

    @admin.display(description="name", ordering="name")
    def named(self, promotion: Promotion) -> SafeString:
        return of_site(promotion.name, promotion.site)

    @admin.display(description="status")
    def status(self, promotion: Promotion) -> SafeString:
        return promotion_chip(promotion, timezone.now())

    @admin.display(description="runs", ordering="starts_at")
    def runs(self, promotion: Promotion) -> SafeString:
        with timezone.override(promotion.site.time_zone):
            return format_html(
                "{}<br>until {}",
                relative_time(promotion.starts_at, never="from the start"),
                relative_time(promotion.ends_at, never="further notice"),
            )

    @admin.display(description="redeemed")
    def redeemed_at_column(self, promotion: Promotion) -> SafeString | str:
        kinds = [CHANNEL_LABELS.get(row["type"], "") for row in promotion.redemption_channels]
        return ", ".join(kinds).capitalize() or _NOWHERE

    @admin.display(description="assigned")
    def given(self, promotion: Promotion) -> str:
        counts: AssignmentCounts | None = getattr(promotion, "counts", None)
        return counts.words if counts else ""

    @admin.display(description="")
    def menu(self, promotion: Promotion) -> SafeString:
        is_theirs = getattr(promotion, "is_theirs", False)
        own = reverse("admin:contacts_promotion_change", args=[promotion.pk])
        entries = [("Edit" if is_theirs and not promotion.source_key else "Open", own)]
        if is_theirs:
            delete = reverse("admin:contacts_promotion_delete", args=[promotion.pk])
            entries += [("Delete…", delete), ("Audit log", audit_url(promotion))]
        return row_menu(promotion.name, entries)
