"""The pages of send events: made, edited, sent, subscribed to and deleted."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from common.admin.copy_field import copy_id
from integrations.admin.field_rows import acted
from integrations.models import CustomIntegration
from sites.admin.audited import AuditedAdmin, audit_url
from sites.audit import Actor
from sites.models import Role
from sites.opened_state import OpenedState, posted_action
from sites.scope import meets
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter
from webhooks.outbound.admin.send_events.event_form import SendEventForm
from webhooks.outbound.admin.send_events.event_page import (
    editor_context,
    kept_words,
    stored_context,
)
from webhooks.outbound.admin.send_events.send_form import SendForm
from webhooks.outbound.admin.send_events.subscribe_form import SubscribeForm
from webhooks.outbound.models import SendEvent
from webhooks.outbound.send_events.publishing import SentNow, send_event_publish
from webhooks.outbound.send_events.services import (
    send_event_check_deletable,
    send_event_delete,
    send_event_save,
)


@admin.register(SendEvent)
class SendEventAdmin(AuditedAdmin, SiteScopedAdmin):
    list_display = ("name", "integration", "site", "id_column")
    list_filter = (SiteFilter,)
    list_title = "Send events"
    change_list_template = "admin/send_events/list.html"
    search_help_text = "Name or event id"
    search_fields = ("name", "event_id")
    empty_list_advice = "Open a custom integration and create its first send event there."
    list_select_related = ("site", "integration")
    ordering = ("site__name", "name", "pk")
    actions = None

    @admin.display(description="event id", ordering="event_id")
    def id_column(self, event: SendEvent) -> str:
        return copy_id(event.event_id)

    # -- adding and changing ---------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        integration = self._chosen_integration(request)
        event = SendEvent(site=integration.site, integration=integration)
        return self._edit(request, event)

    def _chosen_integration(self, request: HttpRequest) -> CustomIntegration:
        chosen = request.GET.get("integration", "")
        rows = CustomIntegration.objects.select_related("site")
        is_key = chosen.isdecimal() and len(chosen) < 19
        found = rows.filter(pk=chosen).first() if is_key else None
        if found is None or not meets(request, found.site_id, Role.OPERATOR):
            raise Http404("No such integration among those you configure.")
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        event: SendEvent = self.scoped_object(request, object_id)
        if self.may(request, event, self.change_role):
            return self._edit(request, event)
        if request.method == "POST":
            raise PermissionDenied
        return self._page(request, event, None)

    def _edit(self, request: HttpRequest, event: SendEvent) -> HttpResponse:
        if request.method != "POST":
            return self._page(request, event, SendEventForm(event=event))
        form = SendEventForm(request.POST, event=event)
        opened = OpenedState(request.POST, event)
        action = posted_action(request.POST, "save")
        if action == "save":
            is_new = event.pk is None
            changed = copy(event)
            if self._is_saved(request, changed, form, opened):
                more = " Now say who is told of it." if is_new else ""
                messages.success(request, f"The send event “{changed.name}” was saved.{more}")
                return _to_page(changed)
            return self._page(request, event, form, opened=opened)
        form.field_rows = acted(form.field_rows, action)
        return self._page(request, event, form, opened=opened)

    def _is_saved(
        self, request: HttpRequest, event: SendEvent, form: SendEventForm, opened: OpenedState
    ) -> bool:
        if not form.is_valid():
            form.is_refused = True
            return False
        event.name = form.cleaned_data["name"]
        try:
            send_event_save(
                event=event,
                fields=form.rows_as_stored(),
                actor=Actor.from_request(request),
                opened=opened,
            )
        except ValidationError as error:
            form.show_errors(error)
            return False
        return True

    # -- sending and subscribing -----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(f"<int:pk>/{name}/", view(act), name=f"webhooks_sendevent_{name}")
            for name, act in (("send", self.send_view), ("subscribe", self.subscribe_view))
        ]
        return own + super().get_urls()

    @method_decorator(require_POST)
    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        event: SendEvent = self.scoped_object(request, str(pk), Role.OPERATOR)
        form = SendForm(request.POST, event=event)
        if form.is_valid():
            try:
                sent = send_event_publish(
                    event=event,
                    values=form.values(),
                    contact_email=form.cleaned_data["contact_email"],
                    actor=Actor.from_request(request),
                )
            except ValidationError as error:
                form.show_errors(error)
            else:
                _tell(request, sent)
                return _to_page(event, "send")
        return self._page(request, event, SendEventForm(event=event), send_form=form)

    @method_decorator(require_POST)
    def subscribe_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        event: SendEvent = self.scoped_object(request, str(pk), Role.OPERATOR)
        form = SubscribeForm(request.POST)
        if form.is_valid():
            made = form.subscribed(event, Actor.from_request(request))
            if made is not None:
                text = f"“{made.name}” is told of this event from now on. Send it now to try it."
                messages.success(request, text)
                return _to_page(event, "told")
        return self._page(request, event, SendEventForm(event=event), subscribe_form=form)

    # -- deleting --------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        event = self.scoped_object(request, object_id, Role.ADMIN)
        context = {"delete_advice": kept_words(event)} | (extra_context or {})
        try:
            send_event_check_deletable(event)
            return super().delete_view(request, object_id, context)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _to_page(event, "told")

    def delete_model(self, request: HttpRequest, obj: SendEvent) -> None:
        send_event_delete(event=obj, actor=Actor.from_request(request))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, f"The send event “{obj_display}” was deleted.")
        return HttpResponseRedirect(reverse("admin:integrations_customintegration_changelist"))

    # -- the page --------------------------------------------------------------------------------

    def _page(
        self,
        request: HttpRequest,
        event: SendEvent,
        form: SendEventForm | None,
        **shown: Any,
    ) -> HttpResponse:
        """Return the page; `shown` are the forms as they were sent, in place of fresh ones."""
        context: dict[str, Any] = {}
        if event.pk is not None:
            context = stored_context(event) | {
                "history_url": audit_url(event),
                "may_delete": self.has_delete_permission(request, event),
            }
        if form is not None and event.pk is not None:
            context |= {"send_form": SendForm(event=event), "subscribe_form": SubscribeForm()}
        everything = {
            **self.admin_site.each_context(request),
            "title": event.name or "New send event",
            "opts": self.opts,
            "nav_url": reverse("admin:integrations_customintegration_changelist"),
            "event": event,
            "integration": event.integration,
            "form": form,
            "opened": OpenedState(None, event),
            **editor_context(),
            **context,
            **shown,
        }
        return TemplateResponse(request, "admin/send_events/page.html", everything)


def _tell(request: HttpRequest, sent: SentNow) -> None:
    if sent.event_id is None or not sent.deliveries:
        messages.warning(
            request, "Nothing was sent: no subscription is told of this event. Add one below."
        )
        return
    noun = "subscription" if sent.deliveries == 1 else "subscriptions"
    messages.success(
        request,
        format_html(
            'It goes out to {} {}. <a href="{}">See what becomes of it</a>.',
            sent.deliveries,
            noun,
            reverse("admin:webhooks_event_change", args=[sent.event_id]),
        ),
    )


def _to_page(event: SendEvent, part: str = "") -> HttpResponseRedirect:
    page = reverse("admin:webhooks_sendevent_change", args=[event.pk])
    return HttpResponseRedirect(f"{page}#{part}" if part else page)
