"""One submission in a process of its own: `python -m tests.processes.lone_submission EMAIL KEY`."""

from __future__ import annotations

import sys

import django


def main(email: str, idempotency_key: str) -> None:
    django.setup()
    from integrations.generic_api.visitor import VisitorData
    from onsite.flow.request import SubmissionRequest
    from onsite.flow.run import submission_run
    from onsite.models import Role
    from sites.models import ApiKey

    key = ApiKey.objects.select_related("site").get()
    request = SubmissionRequest(role=Role.FRIEND, visitor=VisitorData(email=email))
    submission_run(site=key.site, key=key, request=request, idempotency_key=idempotency_key)


if __name__ == "__main__":
    main(*sys.argv[1:])
