"""Reward vouchers of a site: found by code or contact, looked at, and redeemed."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.list_filters import ColumnFilter, DateFilter
from common.admin.relative_time import relative_time
from contacts.admin.change_words import contact_label
from contacts.admin.loyalty.loyalty_words import (
    VoucherState,
    money_words,
    voucher_chip,
    voucher_state,
)
from contacts.admin.loyalty.undo_form import posted_instant, undone_words
from contacts.loyalty.by_hand import Refused, contact_voucher_redeem
from contacts.loyalty.undoing import (
    LONGEST_REASON,
    NotUndone,
    undone_vouchers,
    voucher_redemption_undo,
)
from contacts.models import RewardVoucher
from contacts.normalisation.values import line_normalised
from contacts.search import contacts_found
from sites.audit import Actor
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site

# What the filter of states asks, and no index holds in order.
_WALKED: Final = ("site", "redeemed_at", "valid_from", "valid_to")
_LONGEST: Final = 64


class VoucherStateFilter(ColumnFilter):
    title = "State"
    parameter_name = "state"
    choices_of_column = VoucherState

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        is_unused, has_begun = Q(redeemed_at__isnull=True), Q(valid_from__lte=now)
        not_over = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
        conditions = {
            VoucherState.VALID: is_unused & has_begun & not_over,
            VoucherState.NOT_YET: is_unused & Q(valid_from__gt=now) & not_over,
            VoucherState.EXPIRED: is_unused & Q(valid_to__lte=now),
            VoucherState.REDEEMED: Q(redeemed_at__isnull=False),
        }
        return queryset.filter(conditions[VoucherState(self.chosen)])


@admin.register(RewardVoucher)
class RewardVoucherAdmin(KeysetAdmin, PageAdmin):
    list_title = "Vouchers"
    list_display = ("code", "state_column", "worth", "who", "valid", "made")
    list_filter = (VoucherStateFilter, SiteFilter, DateFilter)
    list_select_related = ("site", "contact")
    search_fields = ("unique_code",)
    search_help_text = "Code, or a contact's e-mail, phone or id"
    actions = ()
    empty_list_advice = (
        "Vouchers are made on a contact's page, for a whole segment, by a workflow, or through the "
        "API; a connected system may tell of its own."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if changes.query:
            return _searched(rows, request, changes.query)
        dates = next(spec for spec in changes.filter_specs if isinstance(spec, DateFilter))
        is_walked = "state" in changes.chosen

        def stream(rows: QuerySet[RewardVoucher], **of: Any) -> KeyStream:
            walk = dates.queryset(request, RewardVoucher.objects.filter(**of))
            return KeyStream(
                rows=rows.filter(**of), walk=walk if is_walked else None, walked=_WALKED
            )

        if is_superuser(request.user) and "site" not in changes.chosen:
            return [stream(rows)]
        return [stream(rows, site_id=site.pk) for site in chosen_sites(request)]

    @admin.display(description="Code")
    def code(self, voucher: RewardVoucher) -> SafeString:
        return of_site(voucher.unique_code, voucher.site)

    @admin.display(description="State")
    def state_column(self, voucher: RewardVoucher) -> SafeString:
        return voucher_chip(voucher, timezone.now())

    @admin.display(description="Worth")
    def worth(self, voucher: RewardVoucher) -> str:
        return money_words(voucher)

    @admin.display(description="Contact")
    def who(self, voucher: RewardVoucher) -> str:
        return contact_label(voucher.contact)

    @admin.display(description="Valid")
    def valid(self, voucher: RewardVoucher) -> SafeString:
        with timezone.override(voucher.site.time_zone):
            return format_html("until {}", relative_time(voucher.valid_to, never="further notice"))

    @admin.display(description="Made")
    def made(self, voucher: RewardVoucher) -> SafeString:
        with timezone.override(voucher.site.time_zone):
            return relative_time(voucher.created_at)

    # -- one voucher -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/redeem/", view(self.redeem_view), name="contacts_rewardvoucher_redeem"),
            path("<uuid:pk>/undo/", view(self.undo_view), name="contacts_rewardvoucher_undo"),
        ]
        return own + super().get_urls()

    def row_page(self, request: HttpRequest, row: RewardVoucher) -> HttpResponse:
        now = timezone.now()
        state = voucher_state(row, now)
        may_act = self.may(request, row, Role.OPERATOR)
        return self.shown(
            request,
            row,
            "loyalty/voucher",
            row.unique_code,
            voucher=row,
            label=contact_label(row.contact),
            chip=voucher_chip(row, now),
            worth=money_words(row),
            may_redeem=may_act and state is VoucherState.VALID,
            may_undo=may_act and state is VoucherState.REDEEMED,
            longest_reason=LONGEST_REASON,
            undone=undone_vouchers([row]).get(str(row.pk), []),
        )

    @method_decorator(require_POST)
    def redeem_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        voucher: RewardVoucher = self.scoped_object(request, str(pk), Role.OPERATOR)
        try:
            contact_voucher_redeem(voucher=voucher, actor=Actor.from_request(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"The voucher {voucher.unique_code} was redeemed.")
        return _to(voucher)

    @method_decorator(require_POST)
    def undo_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        voucher: RewardVoucher = self.scoped_object(request, str(pk), Role.OPERATOR)
        try:
            voucher_redemption_undo(
                voucher=voucher,
                redeemed_at=posted_instant(request.POST),
                reason=request.POST.get("reason", ""),
                actor=Actor.from_request(request),
            )
        except NotUndone as error:
            messages.error(request, str(error))
        else:
            messages.success(request, undone_words(voucher.unique_code))
        return _to(voucher)


def _to(voucher: RewardVoucher) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:contacts_rewardvoucher_change", args=[voucher.pk]))


def _searched(rows: QuerySet[RewardVoucher], request: HttpRequest, query: str) -> list[KeyStream]:
    """Return the vouchers with this code, or of the contacts whom the term names."""
    term = line_normalised(query)[:_LONGEST]
    streams = []
    for site in chosen_sites(request):
        of_site_rows = rows.filter(site_id=site.pk)
        # Codes that are drawn have capital letters alone.
        codes = {term, term.upper()}
        streams.append(KeyStream(rows=of_site_rows.filter(unique_code__in=codes)))
        contacts = contacts_found(site=site, text=query)
        if contacts:
            streams.append(KeyStream(rows=of_site_rows.filter(contact__in=contacts)))
    return streams
