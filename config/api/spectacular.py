"""Settings of drf-spectacular, and what the schema says about the endpoints as a whole."""

from __future__ import annotations

from typing import Any, Final

_ABOUT: Final = """\
What other systems call: custom events and webhooks in, contacts and their fields, visitors of \
a campaign, the Generic API as a retailer would serve it, and the management of subscriptions. \
Under **Webhooks** is what subscriptions are sent.

- Bodies are JSON in UTF-8, not compressed, up to 512 KiB unless an address says otherwise.
- Every address answers with and without a slash at its end, and never redirects.
- `OPTIONS` is answered 204; a method that is not listed 405, with the header `Allow`.
- Errors are `application/problem+json`. Programs compare `code`; `detail` is for people.
- A 401 has no body. No answer tells whether another site, key, alias or source exists.
- A 2xx means that it is committed to the database. After a timeout, send again.
"""

SPECTACULAR: Final[dict[str, Any]] = {
    "TITLE": "Patchbay",
    "VERSION": "0.1.0",
    "DESCRIPTION": _ABOUT,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "The installation that serves this schema."}],
    "DEFAULT_GENERATOR_CLASS": "config.api.generator.Generator",
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    # Files of our own: nothing is loaded from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "list",
        "defaultModelsExpandDepth": 0,
        "displayRequestDuration": True,
        "filter": True,
        "validatorUrl": None,
    },
}
