"""How a key is shown, and what every endpoint that asks for one answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import Answer, Problem
from common.endpoint.description.common_problems import THROTTLED, unauthorized
from sites.api_keys.credentials import ADDRESS_DETAIL, ADDRESS_NOT_ALLOWED
from sites.api_keys.permission import SCOPE_MISSING, scope_detail
from sites.models import Scope

API_KEY: Final = "ApiKey"
SITE_EXAMPLE: Final = "6f1c0b0e-3c0f-4b8e-9a55-0a6c1f0f6f10"
API_KEY_SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = {
    API_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": (
            "`ApiKey {key id}:{secret}`, the scheme in any case. A key belongs to one site, and "
            "does what is ticked on it. An admin of the site makes it under **API and IP access**."
        ),
    }
}


def key_answers(scope: Scope) -> tuple[Answer | Problem, ...]:
    """Return what is answered to a key that may not do this."""
    return (
        unauthorized("No key, a wrong one, revoked or expired. Without a body."),
        Problem(
            status=403,
            code=ADDRESS_NOT_ALLOWED,
            when="the key is good, the caller's address is not on its list.",
            detail=ADDRESS_DETAIL,
        ),
        Problem(
            status=403,
            code=SCOPE_MISSING,
            when=f"the key lacks the permission `{scope.value}`.",
            detail=scope_detail(scope),
        ),
        THROTTLED,
    )
