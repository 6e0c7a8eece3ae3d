"""The pages of reception events: chosen, edited, confirmed, tried and deleted."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.admin.field_rows import acted
from integrations.models import CustomIntegration
from integrations.verification import VerificationFailed
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.models import Role
from sites.opened_state import OpenedState, posted_action
from sites.scope import meets, site_ids
from webhooks.inbound.admin.custom_integrations.event_addresses import sending_help
from webhooks.inbound.admin.custom_integrations.event_editing import (
    event_opened,
    event_saved,
    fields_tested,
)
from webhooks.inbound.admin.custom_integrations.event_form import EventForm
from webhooks.inbound.admin.custom_integrations.event_list import EventListAdmin
from webhooks.inbound.admin.custom_integrations.event_page import (
    editor_context,
    kept_words,
    status_context,
)
from webhooks.inbound.admin.custom_integrations.postman import collection
from webhooks.inbound.models import Context, ReceptionEvent
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.inbound.sources.services import source_reveal

TEST: Final = "test"


@admin.register(ReceptionEvent)
class ReceptionEventAdmin(EventListAdmin):
    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        integration = self._chosen_integration(request)
        context = request.GET.get("context", "")
        if integration is None or context not in Context:
            return self._page(
                request,
                "choose",
                "Create new reception event",
                integration=integration,
                integrations=self._own_integrations(request),
                contexts=Context,
            )
        event = ReceptionEvent(site=integration.site, integration=integration, context=context)
        return self._edit(request, event)

    def _own_integrations(self, request: HttpRequest) -> Any:
        rows = CustomIntegration.objects.select_related("site").order_by("site__name", "name")
        return rows.filter(site__in=site_ids(request, Role.OPERATOR))

    def _chosen_integration(self, request: HttpRequest) -> CustomIntegration | None:
        chosen = request.GET.get("integration", "")
        if not chosen:
            return None
        rows = CustomIntegration.objects.select_related("site")
        found = rows.filter(pk=chosen).first() if chosen.isdecimal() else None
        if found is None or not meets(request, found.site_id, Role.OPERATOR):
            raise Http404("No such integration among those you configure.")
        return found

    # -- the page of an event --------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        event: ReceptionEvent = self.scoped_object(request, object_id)
        if event.deleted_at is None and self.may(request, event, self.change_role):
            return self._edit(request, event)
        tester = None
        if request.method == "POST":
            if event.deleted_at is not None or request.POST.get("action") != TEST:
                raise PermissionDenied
            self.scoped_object(request, object_id, Role.SUPPORT)
            tester = fields_tested(request, event, None)
            if "fragment" in request.POST:
                return self._fragment(request, event, tester)
        return self._event_page(request, event, None, tester)

    def _edit(self, request: HttpRequest, event: ReceptionEvent) -> HttpResponse:
        if request.method != "POST":
            return self._event_page(request, event, self._form(request, event), None)
        form = self._form(request, event)
        action = posted_action(request.POST, "save")
        if action == "save":
            opened = event_opened(event, request.POST)
            made = event_saved(event, form, opened, Actor.from_request(request))
            if made is not None:
                return self._saved(request, event, made)
            return self._event_page(request, event, form, None, opened)
        if action == TEST:
            tester = fields_tested(request, event, form)
            if "fragment" in request.POST:
                return self._fragment(request, event, tester)
            return self._event_page(request, event, form, tester)
        form.field_rows = acted(form.field_rows, action)
        return self._event_page(request, event, form, None)

    def _form(self, request: HttpRequest, event: ReceptionEvent) -> EventForm:
        is_admin = self.may(request, event, Role.ADMIN)
        return EventForm(
            request.POST if request.method == "POST" else None,
            event=event,
            takes_secrets=is_admin or event.pk is None,
        )

    def _event_page(
        self,
        request: HttpRequest,
        event: ReceptionEvent,
        form: EventForm | None,
        tester: dict[str, Any] | None,
        opened: OpenedState | None = None,
    ) -> HttpResponse:
        stored = event if event.pk is None else self.scoped_object(request, str(event.pk))
        context: dict[str, Any] = {}
        if event.pk is not None:
            context = status_context(stored) | {
                "history_url": audit_url(stored),
                "may_reveal": self.may(request, stored, Role.ADMIN) and bool(stored.source.secrets),
                "may_delete": self.has_delete_permission(request, stored),
            }
            if self.may(request, stored, Role.OPERATOR) and stored.deleted_at is None:
                context |= self._sending(request, stored)
        may_test = form is not None or self.may(request, stored, Role.SUPPORT)
        return self._page(
            request,
            "page",
            stored.name or f"New {Context(event.context).label} event",
            event=stored,
            integration=stored.integration,
            form=form,
            opened=opened or event_opened(event, request.POST),
            tester=tester,
            may_test=may_test and stored.deleted_at is None,
            **context,
            **editor_context(stored, request),
        )

    def _sending(
        self, request: HttpRequest, event: ReceptionEvent, *, mask_secrets: bool = True
    ) -> dict[str, Any]:
        return {
            "sending": sending_help(event, mask_secrets=mask_secrets),
            "may_add_key": self.may(request, event, Role.ADMIN),
        }

    def _fragment(
        self, request: HttpRequest, event: ReceptionEvent, tester: dict[str, Any]
    ) -> HttpResponse:
        response = TemplateResponse(
            request, "admin/reception_events/tester_result.html", {"event": event, "tester": tester}
        )
        response["Cache-Control"] = "no-store"
        return response

    # -- confirmation and collection -------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<path:object_id>/saved/",
                view(self._saved_view),
                name="webhooks_receptionevent_saved",
            ),
            path(
                "<path:object_id>/reveal/",
                view(self._reveal_view),
                name="webhooks_receptionevent_reveal",
            ),
            path(
                "<path:object_id>/postman/",
                view(self._postman_view),
                name="webhooks_receptionevent_postman",
            ),
        ]
        return own + super().get_urls()

    def _saved(
        self, request: HttpRequest, event: ReceptionEvent, made: dict[str, Any]
    ) -> HttpResponse:
        """Go to the confirmation; what was generated is shown here and at no address."""
        if made:
            return self._confirmation(request, event, made)
        return HttpResponseRedirect(reverse("admin:webhooks_receptionevent_saved", args=[event.pk]))

    def _live_event(self, request: HttpRequest, object_id: str, role: Role) -> ReceptionEvent:
        event: ReceptionEvent = self.scoped_object(request, object_id, role)
        if event.deleted_at is not None:
            raise Http404("This event was deleted.")
        return event

    def _saved_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self._live_event(request, object_id, Role.OPERATOR)
        return self._confirmation(request, event, {})

    def _confirmation(
        self, request: HttpRequest, event: ReceptionEvent, made: dict[str, Any], title: str = ""
    ) -> HttpResponse:
        return self._page(
            request,
            "saved",
            title or f"{event.name} is ready",
            is_saved=not title,
            event=event,
            integration=event.integration,
            **self._sending(request, event, mask_secrets=not made),
            shown=[
                (label, value if isinstance(value, list) else [value])
                for label, value in made.items()
            ],
        )

    def _reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the secrets of the check once, and note who looked."""
        event = self._live_event(request, object_id, Role.ADMIN)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        labels = {field.key: field.label for field in event.source.preset.settings_fields}
        revealed = source_reveal(source=event.source, actor=Actor.from_request(request))
        shown = {labels.get(key, key): value for key, value in revealed.items()}
        return self._confirmation(request, event, shown, title=f"Secrets of {event.name}")

    def _postman_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self._live_event(request, object_id, Role.OPERATOR)
        try:
            text = json.dumps(collection(event), indent=2, ensure_ascii=False)
        except VerificationFailed as error:
            messages.error(request, f"There is nothing to send yet. {error.detail}")
            return HttpResponseRedirect(
                reverse("admin:webhooks_receptionevent_change", args=[event.pk])
            )
        name = f"{event.alias}.postman_collection.json"
        return HttpResponse(
            text,
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    # -- deleting --------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_gone = obj is not None and obj.deleted_at is not None
        return not is_gone and super().has_delete_permission(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        event = self.get_object(request, object_id)
        advice = kept_words(event) if event is not None else ""
        try:
            return super().delete_view(
                request, object_id, {"delete_advice": advice} | (extra_context or {})
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            page = reverse("admin:webhooks_receptionevent_change", args=[object_id])
            return HttpResponseRedirect(page)

    def delete_model(self, request: HttpRequest, obj: ReceptionEvent) -> None:
        reception_event_delete(event=obj, actor=Actor.from_request(request))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, f"The reception event “{obj_display}” was deleted.")
        return HttpResponseRedirect(reverse("admin:integrations_customintegration_changelist"))

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        everything = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "nav_url": reverse("admin:integrations_customintegration_changelist"),
        }
        name = f"admin/reception_events/{template}.html"
        return TemplateResponse(request, name, everything | context)
