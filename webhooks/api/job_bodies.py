"""A job as the API shows it: one address starts what takes a while, another one watches it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.response import Response

from common.endpoint.strict_body import CamelSerializer
from sites.models import Job


class JobBody(CamelSerializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    is_cancel_requested = serializers.BooleanField()
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    counts = serializers.DictField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()


def job_body(job: Job) -> dict[str, Any]:
    return dict(JobBody(job).data)


def accepted(job: Job) -> Response:
    """Return the answer to what a job does: where to look at it."""
    address = reverse("management-job", kwargs={"job_id": job.pk})
    return Response(job_body(job), HTTPStatus.ACCEPTED, headers={"Location": address})
