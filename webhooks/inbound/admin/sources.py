from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.registry import offered_presets
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.models import Role, Site
from sites.opened_state import OpenedState
from webhooks.inbound.admin import source_page
from webhooks.inbound.admin.source_adding import Choices, choices_so_far
from webhooks.inbound.admin.source_form import SourceForm
from webhooks.inbound.admin.source_list import SourceListAdmin
from webhooks.inbound.admin.source_preview import preview_context
from webhooks.inbound.models import ReceptionEvent, Source
from webhooks.inbound.sources.deletion import source_delete
from webhooks.inbound.sources.services import source_create, source_reveal, source_update

View = Callable[..., HttpResponse]
# No key of ours is longer, and Python reads no number of thousands of digits.
_LONGEST_ID: Final = 18


@admin.register(Source)
class SourceAdmin(SourceListAdmin):
    """Adding and changing have pages of their own: the form comes from the preset."""

    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        choices = choices_so_far(request)
        if not choices.is_complete:
            return self._page(
                request,
                "choose",
                "Add a source",
                choices.site,
                choices=choices,
                presets=offered_presets(),
            )
        return self._add(request, choices)

    def _add(self, request: HttpRequest, choices: Choices) -> HttpResponse:
        assert choices.site is not None
        assert choices.preset is not None
        form = SourceForm(
            request.POST or None, preset=choices.preset, site=choices.site, takes_secrets=True
        )
        if request.method == "POST" and form.is_valid():
            source = Source(site=choices.site, preset_key=choices.preset.key)
            _fill(source, form)
            try:
                made = source_create(
                    source=source, actor=Actor.from_request(request), secrets=form.new_secrets()
                )
            except ValidationError as error:
                form.show_errors(error)
            else:
                return self._saved(request, source, form, made, "was added")
        title = f"Add {choices.preset.label} to {choices.site}"
        return self._page(request, "add", title, choices.site, form=form, choices=choices)

    # -- the page of a source --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        owner = self._owner_url(request, object_id)
        if owner:
            return HttpResponseRedirect(owner)
        source: Source = self.scoped_object(request, object_id)
        if request.method == "POST":
            return self._change(request, source)
        form = None
        if self.may(request, source, self.change_role) and source.preset.is_installed:
            form = self._form(request, source)
        return self._source_page(request, source, form, OpenedState(None, source))

    def _owner_url(self, request: HttpRequest, source_id: str) -> str:
        """Return the page of the reception event whose source this is, or ""."""
        if not source_id.isdecimal() or len(source_id) > _LONGEST_ID:
            return ""
        events = self.scope(request, ReceptionEvent.objects.all(), self.view_role)
        event = events.filter(source_id=source_id).first()
        return reverse("admin:webhooks_receptionevent_change", args=[event.pk]) if event else ""

    def _change(self, request: HttpRequest, source: Source) -> HttpResponse:
        if not self.may(request, source, self.change_role) or not source.preset.is_installed:
            raise PermissionDenied
        form = self._form(request, source)
        opened = OpenedState(request.POST, source)
        if form.is_valid():
            _fill(source, form)
            try:
                made = source_update(
                    source=source,
                    actor=Actor.from_request(request),
                    secrets=form.new_secrets(),
                    clear_secrets=form.cleared_secrets(),
                    opened=opened,
                )
            except ValidationError as error:
                form.show_errors(error)
            else:
                return self._saved(request, source, form, made, "was saved")
        stored = self.scoped_object(request, str(source.pk))
        return self._source_page(request, stored, form, opened)

    def _form(self, request: HttpRequest, source: Source) -> SourceForm:
        return SourceForm(
            request.POST if request.method == "POST" else None,
            preset=source.preset,
            source=source,
            takes_secrets=self.may(request, source, Role.ADMIN),
        )

    def _source_page(
        self, request: HttpRequest, source: Source, form: SourceForm | None, opened: OpenedState
    ) -> HttpResponse:
        context = source_page.status_context(source)
        if self.may(request, source, Role.OPERATOR):
            context |= source_page.operator_context(source, request.GET.get("sample", ""))
        return self._page(
            request,
            "page",
            source.name,
            source.site,
            source=source,
            form=form,
            opened=opened,
            may_reveal=self.may(request, source, Role.ADMIN) and bool(source.secrets),
            may_delete=self.has_delete_permission(request, source),
            history_url=audit_url(source),
            **context,
        )

    def _saved(
        self,
        request: HttpRequest,
        source: Source,
        form: SourceForm,
        made: dict[str, Any],
        done: str,
    ) -> HttpResponse:
        """Go to the source's page, by way of the one page that shows what was generated."""
        labels = {field.key: field.label for field in source.preset.settings_fields}
        shown = form.generated_secrets() | {labels[key]: value for key, value in made.items()}
        if shown:
            return self._shown_once(request, source, shown, "Generated secrets")
        messages.success(request, f"The source “{source.name}” {done}.")
        return HttpResponseRedirect(reverse("admin:webhooks_source_change", args=[source.pk]))

    # -- reveal and try --------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def posted(view: View, role: Role) -> View:
            return self.admin_site.admin_view(self._posted(view, role))

        own = [
            path(
                "<path:object_id>/reveal/",
                posted(self._reveal, Role.ADMIN),
                name="webhooks_source_reveal",
            ),
            path(
                "<path:object_id>/try/",
                posted(self._try, Role.OPERATOR),
                name="webhooks_source_try",
            ),
        ]
        return own + super().get_urls()

    def _posted(self, view: View, role: Role) -> View:
        def guarded(request: HttpRequest, object_id: str) -> HttpResponse:
            source = self.scoped_object(request, object_id, role)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(request, source)

        return guarded

    def _reveal(self, request: HttpRequest, source: Source) -> HttpResponse:
        labels = {field.key: field.label for field in source.preset.settings_fields}
        revealed = source_reveal(source=source, actor=Actor.from_request(request))
        shown = {labels.get(key, key): value for key, value in revealed.items()}
        return self._shown_once(request, source, shown, "Secrets")

    def _try(self, request: HttpRequest, source: Source) -> HttpResponse:
        context = preview_context(request, source)
        return self._page(request, "preview", "Try a sample", source.site, source=source, **context)

    def _shown_once(
        self, request: HttpRequest, source: Source, shown: dict[str, Any], title: str
    ) -> HttpResponse:
        return self._page(
            request,
            "shown_once",
            title,
            source.site,
            source=source,
            shown=[
                (label, value if isinstance(value, list) else [value])
                for label, value in shown.items()
            ],
            full_url=source_page.full_url(source),
            sample=source_page.chosen_sample(source, ""),
            curl=source_page.ready_curl(
                source, source_page.chosen_sample(source, ""), mask_secrets=False
            ),
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        advice = (
            "Everything it received and refused is deleted with it. Contacts and what they became "
            "stay. To stop it for a while, switch it off instead."
        )
        context = {"delete_advice": advice} | (extra_context or {})
        try:
            return super().delete_view(request, object_id, context)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            page = reverse("admin:webhooks_source_change", args=[object_id])
            return HttpResponseRedirect(page)

    def delete_model(self, request: HttpRequest, obj: Source) -> None:
        job = source_delete(source=obj, actor=Actor.from_request(request))
        if job is not None:
            messages.info(
                request, "It received a lot: a job deletes it, and it takes nothing meanwhile."
            )

    def _page(
        self, request: HttpRequest, template: str, title: str, site: Site | None, **context: Any
    ) -> TemplateResponse:
        everything = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "site": site,
        }
        return TemplateResponse(request, f"admin/sources/{template}.html", everything | context)


def _fill(source: Source, form: SourceForm) -> None:
    source.name = form.cleaned_data["name"]
    source.is_active = form.cleaned_data["is_active"]
    source.throttle_per_second = form.cleaned_data["throttle_per_second"]
    source.settings = form.settings_values()
