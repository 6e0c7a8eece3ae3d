from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from common.endpoint.problems import PROBLEM_TYPE, problem
from common.endpoint.view import EndpointView
from onsite.flow.answers import answer_of
from onsite.flow.reading import read_request
from onsite.flow.refusals import InvalidSubmission, SubmissionRefused
from onsite.flow.registers import register_kind, site_api, site_options
from onsite.flow.run import submission_run
from onsite.models import Submission
from sites.api_keys.authentication import ApiKeyAuthentication
from sites.api_keys.permission import has_scope
from sites.models import ApiKey, Scope

_KEY: Final = re.compile(r"[\x20-\x7e]{1,200}")


class SubmissionsView(EndpointView):
    """`POST /onsite/{site id}/submissions`: one visitor through the flow.

    200 to continue, 502 when blocked. See docs/onsite-submissions.md.
    """

    http_method_names = ("post", "options")
    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (has_scope(Scope.ONSITE_WRITE),)

    def post(self, request: Request, site_id: UUID) -> HttpResponse:
        idempotency_key = request.headers.get("Idempotency-Key")
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            return problem(
                HTTPStatus.BAD_REQUEST,
                "BAD_IDEMPOTENCY_KEY",
                "The Idempotency-Key must be 1 to 200 printable ASCII characters.",
            )
        key = cast(ApiKey, request.auth)
        api = site_api(key.site)
        try:
            submission = submission_run(
                site=key.site,
                key=key,
                request=read_request(
                    request.data,
                    options=site_options(api),
                    register=register_kind(api),
                    country=key.site.default_country,
                ),
                idempotency_key=idempotency_key,
            )
        except InvalidSubmission as error:
            return problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "INVALID",
                "Some values cannot be taken; validationErrors names each.",
                validation_errors=error.problems,
            )
        except SubmissionRefused as error:
            return problem(error.status, error.code, error.detail, _retry_after(error))
        return _answer(submission)


def _answer(submission: Submission) -> HttpResponse:
    status = cast(int, submission.answer_status)
    content_type = "application/json" if status == HTTPStatus.OK else PROBLEM_TYPE
    response = JsonResponse(
        answer_of(submission),
        status=status,
        content_type=content_type,
        json_dumps_params={"ensure_ascii": False},
    )
    response["Cache-Control"] = "no-store"
    # Django would log every 502 a second time; the call that caused it is in the log of calls.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _retry_after(error: SubmissionRefused) -> dict[str, Any]:
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
