"""A Django view that does nothing, on the same server: the limit that reception can approach."""

from __future__ import annotations

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up it needs

settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__


def answer(request: HttpRequest) -> HttpResponse:
    request.read()
    return HttpResponse(b'{"id":"00000000-0000-7000-8000-000000000000"}', "application/json")


urlpatterns = [path("in/noop", answer)]
application = WSGIHandler()
