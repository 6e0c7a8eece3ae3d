"""Jobs: what an operator started, how far it is, and stopping it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.relative_time import relative_time
from common.admin.status_chip import Tone, status_chip
from sites.audit import Actor
from sites.jobs import job_cancel
from sites.models import Job, JobState, Role
from sites.page_admin import PageAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites

_TONES: Final = {
    JobState.PENDING: Tone.WAITING,
    JobState.RUNNING: Tone.BUSY,
    JobState.DONE: Tone.GOOD,
    JobState.CANCELLED: Tone.QUIET,
    JobState.FAILED: Tone.BAD,
}
_OPEN: Final = (JobState.PENDING, JobState.RUNNING)


def job_chip(job: Job) -> SafeString:
    state = JobState(job.state)
    if job.is_cancel_requested and state in _OPEN:
        return status_chip("Stopping", Tone.BUSY)
    return status_chip(str(state.label), _TONES[state])


def progress_words(job: Job) -> str:
    if job.total:
        return f"{job.done:,} of {job.total:,}"
    return f"{job.done:,} so far" if job.done else ""


@admin.register(Job)
class JobAdmin(KeysetAdmin, PageAdmin):
    list_display = ("title_column", "state_column", "progress", "site_column", "who", "created")
    list_filter = (SiteFilter,)
    list_select_related = ("site", "created_by")
    actions = ()
    empty_list_advice = (
        "Work that takes a while, such as replaying many events, is listed here once it is started."
    )

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        if is_superuser(request.user) and "site" not in changes.chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in chosen_sites(request)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Jobs", **(extra_context or {})})

    @admin.display(description="Job")
    def title_column(self, job: Job) -> str:
        return job.title

    @admin.display(description="State")
    def state_column(self, job: Job) -> SafeString:
        return job_chip(job)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> SafeString:
        return format_html(
            '<progress class="job-progress-cell" max="{}" value="{}"></progress> {}',
            max(job.total, 1),
            job.done,
            progress_words(job),
        )

    @admin.display(description="Site")
    def site_column(self, job: Job) -> str:
        return job.site.name if job.site else "All sites"

    @admin.display(description="Started by")
    def who(self, job: Job) -> str:
        return job.created_by.get_username() if job.created_by else "Patchbay"

    @admin.display(description="Created")
    def created(self, job: Job) -> SafeString:
        return relative_time(job.created_at)

    # -- one job ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/cancel/", view(self.cancel_view), name="sites_job_cancel"),
            path("<int:pk>/progress/", view(self.progress_view), name="sites_job_progress"),
        ]
        return own + super().get_urls()

    def row_page(self, request: HttpRequest, row: Job) -> HttpResponse:
        job = row
        context = {
            **self.admin_site.each_context(request),
            "title": job.title,
            "opts": self.opts,
            "job": job,
            "chip": job_chip(job),
            "who": self.who(job),
            "progress_words": progress_words(job),
            "bar_max": max(job.total, 1),
            "is_open": job.state in _OPEN,
            "may_cancel": self.may(request, job, Role.SUPPORT)
            and job.state in _OPEN
            and not job.is_cancel_requested,
        }
        return TemplateResponse(request, "admin/sites/job/page.html", context)

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self.scoped_object(request, str(pk), Role.SUPPORT)
        if job_cancel(job=job, actor=Actor.from_request(request)):
            self.message_user(
                request, "It stops after the slice it is at; what it finished stays done."
            )
        else:
            self.message_user(request, "This job had ended already.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))

    @method_decorator(require_GET)
    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer a page that asks how far its job is."""
        job = self.scoped_object(request, str(pk))
        return JsonResponse(
            {
                "done": job.done,
                "total": job.total,
                "words": progress_words(job),
                "isOpen": job.state in _OPEN,
            }
        )
