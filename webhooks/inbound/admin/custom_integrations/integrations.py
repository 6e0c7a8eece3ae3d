"""The pages of custom integrations: made, changed and deleted here; their events hang on them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from integrations.admin.integration_tabs import integration_tabs
from integrations.custom_integrations.services import integration_delete, integration_save
from integrations.models import CustomIntegration
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.models import Role
from sites.opened_state import OpenedState
from sites.roles import sites_for
from sites.template_pages import TemplatePages
from webhooks.inbound.admin.custom_integrations.event_rows import event_rows
from webhooks.inbound.admin.custom_integrations.integration_form import IntegrationForm, SiteChoice
from webhooks.inbound.admin.custom_integrations.integration_list import IntegrationListAdmin
from webhooks.inbound.admin.custom_integrations.marks import integration_mark
from webhooks.inbound.models import Context

RECEIVE: Final = "receive"


@admin.register(CustomIntegration)
class CustomIntegrationAdmin(TemplatePages, IntegrationListAdmin):
    template_folder = "custom_integrations"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        sites = sites_for(request.user, Role.OPERATOR)
        choice = SiteChoice(data, sites=sites, chosen=request.GET.get("site", ""))
        integration = CustomIntegration()
        form = IntegrationForm(data, instance=integration)
        if data is not None and choice.is_valid() and form.is_valid():
            integration.site = choice.cleaned_data["site"]
            if _is_saved(integration, form, Actor.from_request(request)):
                messages.success(
                    request, f"The integration “{integration.name}” is ready. Now add its events."
                )
                return _to_page(integration)
        return self.page(
            request,
            "add",
            "Create new integration",
            form=form,
            choice=choice,
            has_sites=sites.exists(),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        integration: CustomIntegration = self.scoped_object(request, object_id)
        may_change = self.may(request, integration, self.change_role)
        data = request.POST if request.method == "POST" else None
        if data is not None and not may_change:
            raise PermissionDenied
        opened = OpenedState(data, integration)
        form = IntegrationForm(data, instance=integration)
        if data is not None:
            actor = Actor.from_request(request)
            if form.is_valid() and _is_saved(integration, form, actor, opened):
                messages.success(request, f"The integration “{integration.name}” was saved.")
                return _to_page(integration)
            # What was typed is in the form; the rest of the page shows what is stored.
            integration = self.scoped_object(request, object_id)
        others = {each.key: each for each in integration_tabs()}
        asked = "settings" if data is not None else request.GET.get("tab", "")
        tab = asked if asked in others or asked == "settings" else RECEIVE
        context = others[tab].context(request, integration) if tab in others else {}
        return self.page(
            request,
            "page",
            integration.name,
            integration=integration,
            mark=integration_mark(integration),
            form=form if may_change else None,
            opened=opened,
            tab=tab,
            other_tabs=others.values(),
            tab_template=others[tab].template if tab in others else "",
            rows=event_rows(integration) if tab == RECEIVE else [],
            contexts=Context.choices,
            may_change=may_change,
            may_delete=self.has_delete_permission(request, integration),
            history_url=audit_url(integration),
            **context,
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        advice = "Its name, colour and description go. Contacts and what was received stay."
        context = {"delete_advice": advice} | (extra_context or {})
        try:
            return super().delete_view(request, object_id, context)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            page = reverse("admin:integrations_customintegration_change", args=[object_id])
            return HttpResponseRedirect(page)

    def delete_model(self, request: HttpRequest, obj: CustomIntegration) -> None:
        integration_delete(integration=obj, actor=Actor.from_request(request))


def _is_saved(
    integration: CustomIntegration,
    form: IntegrationForm,
    actor: Actor,
    opened: OpenedState | None = None,
) -> bool:
    try:
        integration_save(integration=integration, actor=actor, opened=opened)
    except ValidationError as error:
        form.show_errors(error)
        return False
    return True


def _to_page(integration: CustomIntegration) -> HttpResponse:
    page = reverse("admin:integrations_customintegration_change", args=[integration.pk])
    return HttpResponseRedirect(page)
