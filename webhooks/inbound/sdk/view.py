from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, require_safe

from webhooks.inbound.sdk.script import ETAG, SCRIPT

_HEADERS: Final = {
    "Content-Type": "application/javascript; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    # Made for pages of other origins, those that isolate themselves included.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


# An hour: after that, every page has the script of the newest release.
@csrf_exempt
@require_safe
@gzip_page
@cache_control(public=True, max_age=3600)
@etag(lambda request: ETAG)
def patchbay_js(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(SCRIPT, headers=_HEADERS)
