"""A contact's points, vouchers and promotions: all of them, page by page, and giving and taking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from contacts.admin.change_words import contact_label
from contacts.admin.loyalty.contact_forms import PointsForm, PromotionForm, VoucherForm
from contacts.admin.loyalty.contact_rows import TABS, rows_of_tab, shown_accounts
from contacts.admin.loyalty.undo_form import posted_instant, undone_words
from contacts.loyalty.by_hand import (
    PointsChange,
    Refused,
    contact_points_change,
    contact_promotion_assign,
    contact_promotion_redeem,
    contact_voucher_create,
    contact_voucher_redeem,
)
from contacts.loyalty.undoing import (
    LONGEST_REASON,
    NotUndone,
    assignment_redemption_undo,
    voucher_redemption_undo,
)
from contacts.models import Contact, PromotionAssignment, RewardVoucher
from sites.audit import Actor
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin

_FORMS: Final[Mapping[str, Callable[..., Any]]] = {
    "points": PointsForm,
    "vouchers": VoucherForm,
    "promotions": PromotionForm,
}
# In a form beside a voucher or an assignment: its redemption is taken back.
UNDO: Final = "undo"
_TWICE: Final = "This was sent before, and counted once."


class LoyaltyPages(SiteScopedAdmin):
    """Mixin of the contacts' admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "contacts_contact_loyalty"
        own = [path("<uuid:pk>/loyalty/", view(self.loyalty_view), name=name)]
        return own + super().get_urls()

    def loyalty_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show one kind of them; a POST gives, takes, redeems or takes a redemption back."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        is_acting = request.method == "POST"
        contact: Contact = self.scoped_object(
            request, str(pk), Role.OPERATOR if is_acting else Role.VIEWER
        )
        if contact.deleted_at:
            raise Http404("This person was erased.")
        tab = request.GET.get("tab", "")
        tab = tab if tab in TABS else "points"
        with timezone.override(contact.site.time_zone):
            if not is_acting:
                return self._loyalty_page(request, contact, tab)
            for name in ("voucher", "assignment"):
                if name in request.POST:
                    return _used(request, contact, tab, name)
            form = _FORMS[tab](request.POST, contact=contact)
            if form.is_valid() and _given(request, contact, tab, form):
                return _to(contact, tab)
            return self._loyalty_page(request, contact, tab, form)

    def _loyalty_page(
        self, request: HttpRequest, contact: Contact, tab: str, wrong: forms.Form | None = None
    ) -> HttpResponse:
        may_give = self.may(request, contact, Role.OPERATOR)
        context = {
            **self.admin_site.each_context(request),
            **rows_of_tab(request, contact, tab),
            "title": f"Loyalty of {contact_label(contact)}",
            "label": contact_label(contact),
            "opts": self.opts,
            "contact": contact,
            "tab": tab,
            "tabs": TABS.items(),
            "table": f"admin/loyalty/contact_{tab}.html",
            "accounts": shown_accounts(contact) if tab == "points" else [],
            "may_give": may_give,
            "form": (wrong or _FORMS[tab](contact=contact)) if may_give else None,
            "is_open": wrong is not None,
            "longest_reason": LONGEST_REASON,
        }
        return TemplateResponse(request, "admin/loyalty/contact_page.html", context).render()


def _given(request: HttpRequest, contact: Contact, tab: str, form: Any) -> bool:
    """Do what a form says; False after putting why not into it."""
    try:
        done, words, twice = _GIVE[tab](Actor.from_request(request), contact, form)
    except Refused as error:
        form.show_refusal(error)
        return False
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, twice)
    return True


def _give_points(actor: Actor, contact: Contact, form: PointsForm) -> tuple[bool, str, str]:
    given = form.cleaned_data
    done = contact_points_change(
        contact=contact,
        what=PointsChange(given["what"]),
        definition=given["definition"],
        amount=given["amount"],
        description=given["description"],
        reason=given["reason"],
        source_id=form.source_id,
        actor=actor,
    )
    words = {"award": "awarded", "redeem": "redeemed", "correct": "corrected"}[given["what"]]
    return done, f"“{given['definition'].name}” {words}.", _TWICE


def _give_voucher(actor: Actor, contact: Contact, form: VoucherForm) -> tuple[bool, str, str]:
    values = {name: value for name, value in form.cleaned_data.items() if name != "token"}
    done = contact_voucher_create(contact=contact, source_id=form.source_id, actor=actor, **values)
    return done, "The voucher was made.", _TWICE


def _give_promotion(actor: Actor, contact: Contact, form: PromotionForm) -> tuple[bool, str, str]:
    promotion = form.cleaned_data["promotion"]
    done = contact_promotion_assign(
        contact=contact, promotion=promotion, source_id=form.source_id, actor=actor
    )
    has_it = f"The contact has “{promotion.name}” already, and keeps it."
    return done, f"“{promotion.name}” was assigned.", has_it


_GIVE: Final[Mapping[str, Callable[..., tuple[bool, str, str]]]] = {
    "points": _give_points,
    "vouchers": _give_voucher,
    "promotions": _give_promotion,
}


def _used(request: HttpRequest, contact: Contact, tab: str, name: str) -> HttpResponse:
    """Use up a voucher or a promotion of this contact, or take that back."""
    actor = Actor.from_request(request)
    key = _uuid(request.POST[name])
    act = _use_voucher if name == "voucher" else _use_assignment
    try:
        messages.success(request, act(request.POST, contact, key, actor))
    except (Refused, NotUndone) as error:
        messages.error(request, str(error))
    return _to(contact, tab)


def _use_voucher(data: QueryDict, contact: Contact, key: UUID, actor: Actor) -> str:
    vouchers = RewardVoucher.objects.select_related("contact__site")
    voucher = vouchers.filter(pk=key, contact=contact).first()
    if voucher is None:
        raise Http404("No such voucher.")
    if UNDO not in data:
        contact_voucher_redeem(voucher=voucher, actor=actor)
        return f"The voucher {voucher.unique_code} was redeemed."
    at, reason = posted_instant(data), data.get("reason", "")
    voucher_redemption_undo(voucher=voucher, redeemed_at=at, reason=reason, actor=actor)
    return undone_words(voucher.unique_code)


def _use_assignment(data: QueryDict, contact: Contact, key: UUID, actor: Actor) -> str:
    rows = PromotionAssignment.objects.select_related("contact__site", "promotion")
    assignment = rows.filter(pk=key, contact=contact).first()
    if assignment is None:
        raise Http404("No such assignment.")
    name = assignment.promotion.name
    if UNDO not in data:
        channel = data.get("channel", "")[:10]
        contact_promotion_redeem(assignment=assignment, channel=channel, actor=actor)
        return f"“{name}” was marked as redeemed."
    at, reason = posted_instant(data), data.get("reason", "")
    assignment_redemption_undo(assignment=assignment, redeemed_at=at, reason=reason, actor=actor)
    return undone_words(f"“{name}”")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404("No such id.") from None


def _to(contact: Contact, tab: str) -> HttpResponse:
    url = reverse("admin:contacts_contact_loyalty", args=[contact.pk])
    return HttpResponseRedirect(f"{url}?tab={tab}")
