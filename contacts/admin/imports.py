"""Imports of contacts: a file is uploaded, looked at, started, and told about."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.relative_time import relative_time
from contacts.admin.file_download import file_response
from contacts.admin.import_form import ImportForm
from contacts.admin.import_words import OPEN, import_chip, import_context
from contacts.models import ContactImport
from contacts.transfer.importing import LARGEST_FILE, import_start, import_upload, too_large
from sites.admin.jobs import progress_words
from sites.audit import Actor
from sites.models import Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser, sites_for
from sites.scope import Requirement
from sites.site_filter import SiteFilter, chosen_sites, of_site

# What a form puts around its file.
_FORM_BYTES: Final = 64 * 1024


@admin.register(ContactImport)
class ContactImportAdmin(KeysetAdmin, PageAdmin):
    view_role = Role.OPERATOR
    add_role: Requirement = Role.OPERATOR
    list_title = "Imports of contacts"
    list_display = ("file_column", "state_column", "rows_column", "who", "created")
    list_filter = (SiteFilter,)
    list_select_related = ("site", "created_by", "check_job", "import_job")
    list_defer = ("header", "columns", "first_problems")
    actions = ()
    change_list_template = "admin/contacts/imports/list.html"
    empty_list_advice = (
        "Upload a CSV file to add contacts or to change many at once. Files and what is shown of "
        "them are removed after some days."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if is_superuser(request.user) and "site" not in changes.chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in chosen_sites(request)]

    @admin.display(description="File")
    def file_column(self, order: ContactImport) -> SafeString:
        return of_site(order.file_name, order.site)

    @admin.display(description="State")
    def state_column(self, order: ContactImport) -> SafeString:
        return import_chip(order)

    @admin.display(description="Rows")
    def rows_column(self, order: ContactImport) -> str:
        job = order.import_job or order.check_job
        return progress_words(job) if job else ""

    @admin.display(description="Uploaded by")
    def who(self, order: ContactImport) -> str:
        return order.created_by.get_username() if order.created_by else "Patchbay"

    @admin.display(description="Uploaded")
    def created(self, order: ContactImport) -> SafeString:
        return relative_time(order.created_at)

    # -- uploading -------------------------------------------------------------------------------

    # The token is checked below: looking for it reads the body, and that only after its length.
    @method_decorator(csrf_exempt)
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if _announced(request) > LARGEST_FILE + _FORM_BYTES:
            form = ImportForm(sites=sites_for(request.user, Role.OPERATOR))
            return self._form_page(request, form, status=413, refused=too_large())
        response: HttpResponse = csrf_protect(self._upload)(request)
        return response

    def _upload(self, request: HttpRequest) -> HttpResponse:
        is_post = request.method == "POST"
        form = ImportForm(
            request.POST if is_post else None,
            request.FILES if is_post else None,
            sites=sites_for(request.user, Role.OPERATOR),
            chosen=request.GET.get("site", ""),
        )
        if not is_post or not form.is_valid():
            return self._form_page(request, form)
        try:
            order = import_upload(
                site=form.cleaned_data["site"],
                upload=form.upload(),
                actor=Actor.from_request(request),
            )
        except ValidationError as error:
            form.add_error("file", error)
            return self._form_page(request, form)
        return HttpResponseRedirect(_page_of(order))

    def _form_page(
        self, request: HttpRequest, form: ImportForm, *, status: int = 200, refused: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import contacts",
            "opts": self.opts,
            "form": form,
            "refused": refused,
        }
        return TemplateResponse(request, "admin/contacts/imports/form.html", context, status=status)

    # -- one import ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/start/", view(self.start_view), name="contacts_contactimport_start"),
            path(
                "<uuid:pk>/failed-rows/",
                view(self.failed_rows_view),
                name="contacts_contactimport_failed_rows",
            ),
        ]
        return own + super().get_urls()

    def row_page(self, request: HttpRequest, row: ContactImport) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **import_context(row),
            "title": str(row),
            "opts": self.opts,
            "who": self.who(row),
            "is_owner": row.failed_rows is not None and row.failed_rows.owner_id == request.user.pk,
        }
        job = context["job"]
        context["progress_words"] = progress_words(job) if job else ""
        context["bar_max"] = max(job.total, 1) if job else 1
        context["may_cancel"] = job is not None and job.state in OPEN
        return TemplateResponse(request, "admin/contacts/imports/page.html", context)

    @method_decorator(require_POST)
    def start_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        order = self.scoped_object(request, str(pk), Role.OPERATOR)
        try:
            import_start(order=order, actor=Actor.from_request(request))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        return HttpResponseRedirect(_page_of(order))

    @method_decorator(require_GET)
    def failed_rows_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return file_response(
            request, self.scoped_object(request, str(pk), Role.OPERATOR).failed_rows
        )


def _announced(request: HttpRequest) -> int:
    """Return how long the body says it is; Django reads no further than that, or not at all."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _page_of(order: ContactImport) -> str:
    return reverse("admin:contacts_contactimport_change", args=(order.pk,))
