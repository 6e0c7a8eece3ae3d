"""Exporting contacts: a page that says what the file would hold, and the files that are there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from contacts.admin.file_download import file_response
from contacts.models import ContactFile
from contacts.transfer.exporting import export_plan, export_start, exports_of
from contacts.transfer.files import ROWS_ERASED
from sites.admin.jobs import job_chip, progress_words
from sites.admin.plan_pages import address_with
from sites.audit import Actor
from sites.models import JobState, Role, Site, User
from sites.roles import sites_for
from sites.scoped_admin import SiteScopedAdmin

_MOST_SHOWN = 20


class ExportPages(SiteScopedAdmin):
    """Mixin of the contacts' admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("export/", view(self.export_view), name="contacts_contact_export"),
            path(
                "export/<uuid:pk>/",
                view(self.export_file_view),
                name="contacts_contact_export_file",
            ),
        ]
        return own + super().get_urls()

    def transfer_links(self, request: HttpRequest) -> dict[str, Any]:
        """Return where a list leads to: an import, and the export of what it shows."""
        if not self.has_operator_permission(request):
            return {}
        chosen = {name: request.GET[name] for name in ("site", "q") if request.GET.get(name)}
        site = {"site": chosen["site"]} if "site" in chosen else {}
        return {
            "import_url": _address("admin:contacts_contactimport_add", site),
            "export_url": _address("admin:contacts_contact_export", chosen),
        }

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Show what would be exported; a POST of the same address starts it."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        sites = list(sites_for(request.user, Role.OPERATOR))
        if not sites:
            raise PermissionDenied
        chosen = request.GET.get("site", "")
        fitting = [site for site in sites if not chosen or str(site.pk) == chosen]
        if not fitting:
            raise Http404("No such site.")
        site = fitting[0] if len(fitting) == 1 else None
        search = request.GET.get("q", "")
        if request.method == "POST":
            return self._start_export(request, site, search)
        return self._export_page(request, sites, site, search)

    def _start_export(self, request: HttpRequest, site: Site | None, search: str) -> HttpResponse:
        if site is None:
            self.message_user(request, "Choose one site.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        try:
            export_start(site=site, search=search, actor=Actor.from_request(request))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _export_page(
        self, request: HttpRequest, sites: list[Site], site: Site | None, search: str
    ) -> HttpResponse:
        assert isinstance(request.user, User)
        files = exports_of(site_ids=[each.pk for each in sites], owner=request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": "Export contacts",
            "opts": self.opts,
            "site": site,
            "search": search,
            "all_url": address_with(request, {"q": None}),
            "plan": export_plan(site=site, search=search) if site else None,
            "sites_to_choose": [
                (each.name, address_with(request, {"site": str(each.pk)})) for each in sites
            ]
            if site is None
            else [],
            "files": [shown_file(file) for file in files[:_MOST_SHOWN]],
            "kept_days": settings.RETENTION_CONTACT_FILE_DAYS,
        }
        return TemplateResponse(request, "admin/contacts/contact/export.html", context)

    @method_decorator(require_GET)
    def export_file_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Send a finished export to whoever asked for it, while they may still export there."""
        files = ContactFile.objects.filter(
            site__in=sites_for(request.user, Role.OPERATOR),
            kind=ContactFile.Kind.EXPORT,
            job__state=JobState.DONE,
        )
        return file_response(request, files.select_related("site").filter(pk=pk).first())


def shown_file(file: ContactFile) -> dict[str, Any]:
    """Return what a page says of a file that a job writes."""
    return {
        "file": file,
        "chip": job_chip(file.job) if file.job else "",
        "progress": progress_words(file.job) if file.job else "",
        "erased": file.job.counts.get(ROWS_ERASED, 0) if file.job else 0,
        "is_done": file.job is not None and file.job.state == JobState.DONE,
        "is_open": file.job is not None and file.job.state in (JobState.PENDING, JobState.RUNNING),
    }


def _address(name: str, parameters: dict[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(parameters)}" if parameters else reverse(name)
