from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse

from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.models import Role
from sites.opened_state import OpenedState, columns_stamp, row_stamp
from sites.template_pages import TemplatePages
from webhooks.outbound.admin import subscription_page
from webhooks.outbound.admin.acting_pages import ActingPages
from webhooks.outbound.admin.forms.section_form import SectionForm
from webhooks.outbound.admin.subscription_adding import (
    Choices,
    choices_so_far,
    chosen_format,
)
from webhooks.outbound.admin.subscription_list import SubscriptionListAdmin
from webhooks.outbound.admin.subscription_words import state_chip, warning_chips
from webhooks.outbound.formats.registry import format_for, formats
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.deletion import subscription_delete
from webhooks.outbound.subscriptions.fitting import fit_to_format, new_subscription
from webhooks.outbound.subscriptions.services import subscription_save

_ADDED = ("endpoint", "events", "signing")
_REST_DELETED = (
    "Its deliveries and their attempts are deleted with it; what happened stays as events. To stop "
    "it for a while, pause it instead: then nothing is lost."
)


@admin.register(Subscription)
class SubscriptionAdmin(TemplatePages, ActingPages, SubscriptionListAdmin):
    """Adding and changing have pages of their own: one section at a time."""

    template_folder = "subscriptions"

    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        choices = choices_so_far(request)
        if choices.site is None or choices.dialect is None:
            return self.page(
                request, "choose", "Add a subscription", site=choices.site,
                choices=choices, formats=formats(),
            )  # fmt: skip
        return self._add(request, choices)

    def _add(self, request: HttpRequest, choices: Choices) -> HttpResponse:
        assert choices.site is not None
        assert choices.dialect is not None
        subscription = new_subscription(choices.site, choices.dialect)
        data = request.POST if request.method == "POST" else None
        forms = {
            tab: subscription_page.form_of(
                tab, data, subscription, choices.dialect, may_replace=True
            )
            for tab in _ADDED
        }
        given = [form for form in forms.values() if form is not None]
        # Each is asked, so that each shows what is wrong with it.
        valid = [form.is_valid() for form in given]
        if request.method == "POST" and all(valid):
            if "paused" in request.POST:
                subscription.state = SubscriptionState.PAUSED
            made = self._save(request, subscription, given)
            if made is not None:
                return self._saved(request, subscription, made, "endpoint", "is ready")
        title = f"Add a subscription: {choices.dialect.label}"
        return self.page(
            request, "add", title, site=choices.site, choices=choices, forms=forms,
            errors=[form for form in given if form.errors],
            is_paused="paused" in request.POST,
        )  # fmt: skip

    # -- the page of a subscription ---------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        subscription: Subscription = self.scoped_object(request, object_id)
        may_change = self.may(request, subscription, self.change_role)
        tab = request.GET.get("tab", subscription_page.OVERVIEW)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        tabs = subscription_page.tabs_of(subscription, may_change=may_change)
        if tab not in [each.key for each in tabs] and tab != "format":
            tab = subscription_page.OVERVIEW
        if tab == "format" and may_change:
            return self._choose_format(request, subscription)
        form = self._form(request, subscription, tab)
        data = request.POST if request.method == "POST" else None
        # Of this section alone: two people may change two sections at once.
        stamp_of = columns_stamp(*form.columns) if form else row_stamp
        opened = OpenedState(data, subscription, stamp_of=stamp_of)
        if data is not None:
            if form is None:
                return HttpResponseNotAllowed(["GET"])
            if form.is_valid():
                changed = copy(subscription)
                made = self._save(request, changed, [form], opened)
                if made is not None:
                    return self._saved(request, changed, made, tab, "was saved")
        return self._section_page(request, subscription, tab, form, opened)

    def _form(
        self, request: HttpRequest, subscription: Subscription, tab: str
    ) -> SectionForm | None:
        dialect = format_for(subscription.format_key)
        if tab == "endpoint":
            dialect = chosen_format(request) or dialect
            if dialect is not None:
                fit_to_format(subscription, dialect)
        return subscription_page.form_of(
            tab,
            request.POST if request.method == "POST" else None,
            subscription,
            dialect,
            may_replace=self.may(request, subscription, Role.ADMIN),
        )

    def _choose_format(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        return self.subscription_page(
            request, "choose_format", "Choose another format", subscription, formats=formats()
        )

    def _section_page(
        self,
        request: HttpRequest,
        subscription: Subscription,
        tab: str,
        form: SectionForm | None,
        opened: OpenedState,
    ) -> HttpResponse:
        may_change = self.may(request, subscription, self.change_role)
        return self.subscription_page(
            request,
            "page",
            subscription.name,
            subscription,
            tab=tab,
            tabs=subscription_page.tabs_of(subscription, may_change=may_change),
            section=f"admin/subscriptions/section_{tab}.html",
            form=form,
            opened=opened,
            **subscription_page.header_context(subscription),
            **subscription_page.section_context(tab, request, subscription),
        )

    # -- saving ----------------------------------------------------------------------------------

    def _save(
        self,
        request: HttpRequest,
        subscription: Subscription,
        forms: list[SectionForm],
        opened: OpenedState | None = None,
    ) -> str | None:
        """Save what the forms say; return the secret that was made, None when it was refused."""
        secrets: dict[str, str] = {}
        headers = None
        for form in forms:
            form.apply_to(subscription)
            secrets |= form.secrets()
            headers = form.headers() if headers is None else headers
        try:
            return subscription_save(
                subscription=subscription,
                actor=Actor.from_request(request),
                secrets=secrets,
                headers=headers,
                opened=opened,
            )
        except ValidationError as error:
            _spread(error, forms)
            return None

    def _saved(
        self, request: HttpRequest, subscription: Subscription, made: str, tab: str, done: str
    ) -> HttpResponse:
        if made:
            return self.shown_once(request, subscription, made)
        messages.success(request, f"The subscription “{subscription.name}” {done}.")
        page = reverse("admin:webhooks_subscription_change", args=[subscription.pk])
        return HttpResponseRedirect(f"{page}?tab={tab}")

    # -- deleting --------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"delete_advice": _REST_DELETED} | (extra_context or {})
        return super().delete_view(request, object_id, context)

    def delete_model(self, request: HttpRequest, obj: Subscription) -> None:
        job = subscription_delete(subscription=obj, actor=Actor.from_request(request))
        if job is not None:
            messages.info(request, "It delivered a lot: it is paused now, and a job deletes it.")

    # -- pages -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def view(act: Callable[..., HttpResponse]) -> Any:
            return self.admin_site.admin_view(act)

        own = [
            path(f"<path:object_id>/{name}/", view(act), name=f"webhooks_subscription_{name}")
            for name, act in self.acts().items()
        ]
        return own + super().get_urls()

    def subscription_page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        subscription: Subscription,
        **context: Any,
    ) -> HttpResponse:
        """Return a page about one subscription, with what its head needs."""
        return self.page(
            request,
            template,
            title,
            site=subscription.site,
            subscription=subscription,
            chips=[state_chip(subscription), *warning_chips(subscription)],
            may_change=self.may(request, subscription, self.change_role),
            may_secrets=self.may(request, subscription, Role.ADMIN),
            may_delete=self.has_delete_permission(request, subscription),
            history_url=audit_url(subscription),
            **context,
        )


def _spread(error: ValidationError, forms: list[SectionForm]) -> None:
    """Give each form the errors of its own fields; the first one takes the rest."""
    if not hasattr(error, "error_dict"):
        forms[0].show_errors(error)
        return
    left = dict(error.error_dict)
    for form in forms[1:]:
        mine = {key: left.pop(key) for key in list(left) if form.claims(key)}
        if mine:
            form.show_errors(ValidationError(mine))
    if left:
        forms[0].show_errors(ValidationError(left))
