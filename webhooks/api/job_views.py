from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from sites.jobs import job_cancel
from sites.models import Job, Site
from webhooks.api.job_bodies import job_body
from webhooks.api.view import ManagementView
from webhooks.inbound.replaying import replay
from webhooks.outbound.holding import resuming
from webhooks.outbound.recovering import job as recovery
from webhooks.outbound.subscriptions import deletion

# Only what this API starts: other jobs of a site are no business of its keys.
KINDS = (replay.KIND, resuming.KIND, recovery.KIND, deletion.KIND)


def job_or_404(site: Site, job_id: int) -> Job:
    # SQLite takes no larger number, not even to look for it.
    found = Job.objects.filter(site=site, pk=job_id, kind__in=KINDS).first()
    if found is None:
        raise Http404
    return found


class JobView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request, job_id: int) -> Response:
        return Response(job_body(job_or_404(self.site, job_id)))


class JobCancelView(ManagementView):
    """Asks for a stop after the current step; what is done stays done. Twice is once."""

    http_method_names = ("post", "options")

    def post(self, request: Request, job_id: int) -> Response:
        job = job_or_404(self.site, job_id)
        job_cancel(job=job, actor=self.actor)
        job.refresh_from_db()
        return Response(job_body(job))
