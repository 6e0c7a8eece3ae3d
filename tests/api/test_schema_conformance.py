"""Generated requests to every endpoint: nothing fails on our side, and answers are as described."""

from __future__ import annotations

from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from tests.api.conftest import forget_failures
from tests.api.installation import Installation, application

schema: Final = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)

CHECKS: Final[list[Any]] = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.unsupported_method,
    openapi.ignored_auth,
]


@schema.parametrize()
@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_is_answered_as_described(
    case: Case[Any], installation: Installation
) -> None:
    path = case.operation.path
    _call(case, installation)
    if case.path_parameters:
        # Once more to what exists: generated names seldom meet anything.
        known = installation.path_values(path)
        case.path_parameters = {name: known[name] for name in case.path_parameters}
        _call(case, installation)


def _call(case: Case[Any], installation: Installation) -> None:
    forget_failures()
    path = case.operation.path
    # A site checks one of the described credentials: it may well ignore the others.
    excluded = [openapi.ignored_auth] if path.startswith("/generic/") else []
    case.call_and_validate(
        headers=installation.headers(path),
        params=installation.query(path),
        checks=CHECKS,
        excluded_checks=excluded,
    )
