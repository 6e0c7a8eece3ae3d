from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    return HttpResponse(status=404)
