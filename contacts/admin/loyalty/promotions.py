"""Promotions: the form with its channels, publishing, and deleting."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from common.uses import users_of
from contacts.admin.loyalty.channel_rows import acted, posted_rows
from contacts.admin.loyalty.loyalty_words import (
    CHANNEL_LABELS,
    VALUE_TYPE_LABELS,
    promotion_chip,
)
from contacts.admin.loyalty.promotion_form import PromotionForm
from contacts.admin.loyalty.promotion_list import PromotionListAdmin, assignment_counts
from contacts.loyalty.promotions import USES, promotion_delete, promotion_save
from contacts.loyalty.validity import status_of
from contacts.models import Promotion
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.delete_pages import DeletePages, DeleteWords
from sites.models import Role
from sites.opened_state import OpenedState, posted_action
from sites.roles import sites_for
from sites.template_pages import TemplatePages, site_to_add_to

SAVE: Final = "save"
PUBLISH: Final = "publish"
UNPUBLISH: Final = "draft"
_SAYING: Final = {SAVE: "was saved", PUBLISH: "was published", UNPUBLISH: "is a draft again"}


@admin.register(Promotion)
class PromotionAdmin(DeletePages, TemplatePages, PromotionListAdmin):
    template_folder = "loyalty"
    delete_noun = "promotion"
    delete_base_template = "admin/loyalty/promotion_base.html"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sites = list(sites_for(request.user, Role.OPERATOR))
        site = site_to_add_to(request, sites)
        if site is None:
            return self.page(request, "choose_site", "Add a promotion", sites=sites)
        return self._edit(request, Promotion(site=site), f"Add a promotion to {site}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        promotion: Promotion = self.scoped_object(request, object_id)
        is_posted = request.method == "POST"
        if is_posted and not self.may(request, promotion, self.change_role):
            raise PermissionDenied
        return self._edit(request, promotion, promotion.name)

    def _edit(self, request: HttpRequest, promotion: Promotion, title: str) -> HttpResponse:
        opened = OpenedState(request.POST, promotion)
        # Its times are by the clock of the site, typed and shown.
        with timezone.override(promotion.site.time_zone):
            if request.method != "POST":
                form = PromotionForm(promotion=promotion)
                return self._editor(request, promotion, title, form, opened)
            action = posted_action(request.POST, SAVE)
            rows = posted_rows(request.POST)
            if action not in _SAYING:
                form = PromotionForm(request.POST, rows=acted(rows, action))
                # Only rows came or went: nothing is judged yet.
                form.errors.clear()
                return self._editor(request, promotion, title, form, opened)
            form = PromotionForm(request.POST, rows=rows)
            is_new = promotion._state.adding
            if _saved(request, form, promotion, action, opened):
                messages.success(request, f"“{promotion.name}” {_SAYING[action]}.")
                return _to(promotion)
            # What was typed is in the form; the rest of the page shows what is stored.
            stored = promotion if is_new else self.scoped_object(request, str(promotion.pk))
            return self._editor(request, stored, title, form, opened)

    def _editor(
        self,
        request: HttpRequest,
        promotion: Promotion,
        title: str,
        form: PromotionForm,
        opened: OpenedState,
    ) -> HttpResponse:
        is_new = promotion._state.adding
        is_told = bool(promotion.source_key)
        may_change = is_new or (self.may(request, promotion, self.change_role) and not is_told)
        now = timezone.now()
        shown: dict[str, Any] = (
            {}
            if is_new
            else {
                "chip": promotion_chip(promotion, now),
                "status": status_of(promotion, now),
                "counts": assignment_counts(promotion),
                "users": users_of(promotion, USES),
                "history_url": audit_url(promotion),
                "may_delete": self.has_delete_permission(request, promotion),
            }
        )
        return self.page(
            request,
            "promotion",
            title,
            site=promotion.site,
            **shown,
            promotion=promotion,
            is_new=is_new,
            is_told=is_told,
            is_draft=is_new or promotion.is_draft,
            form=form if may_change else None,
            opened=opened,
            channels=form.rows,
            channel_labels=CHANNEL_LABELS.items(),
            value_types=VALUE_TYPE_LABELS.items(),
            may_add_channel=len(form.rows) < len(CHANNEL_LABELS),
        )

    def delete_words(self, row: Promotion) -> DeleteWords:
        counts = assignment_counts(row)
        assigned = (
            f"It was assigned to contacts ({counts.words}), so it cannot be deleted. Give it an "
            "end instead: then it is neither assigned nor redeemed any more."
        )
        return DeleteWords(
            goes=f"The promotion “{row.name}” of {row.site} goes. Nobody has it.",
            obstacle=assigned if counts.assigned else "",
            users=users_of(row, USES),
        )

    def delete_model(self, request: HttpRequest, obj: Promotion) -> None:
        promotion_delete(promotion=obj, actor=Actor.from_request(request))


def _saved(
    request: HttpRequest,
    form: PromotionForm,
    promotion: Promotion,
    action: str,
    opened: OpenedState,
) -> Promotion | None:
    """Return what was saved, None after putting what is wrong into the form."""
    if not form.is_valid():
        return None
    form.fill(promotion)
    if action != SAVE:
        promotion.is_draft = action == UNPUBLISH
    try:
        return promotion_save(promotion=promotion, actor=Actor.from_request(request), opened=opened)
    except ValidationError as error:
        form.show_errors(error)
        return None


def _to(promotion: Promotion) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:contacts_promotion_change", args=[promotion.pk]))
