"""What stands before every page of the portal: limits, the link itself, and headers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from common.client_address import client_address, counted_address
from common.endpoint.throttle import Throttle
from sites.audit import Actor
from webhooks.outbound.portal.links import Visit, visit_of

# A person clicks slower; whoever guesses links is stopped here.
PAGES_PER_SECOND: Final = 10
ACTS_PER_SECOND: Final = 2
throttle: Final = Throttle()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # Never the path, which is a credential. Without any, browsers would send forms from nowhere
    # (`Origin: null`), and the check against forged ones could not tell them from a stranger's.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_P = ParamSpec("_P")
_Page = Callable[Concatenate[HttpRequest, Visit, _P], HttpResponse]


def opened_by_link(*methods: str) -> Callable[[_Page[_P]], Callable[..., HttpResponse]]:
    """Turn a page of a visit into a view of a token. Every fault of a link looks the same."""

    def decorate(page: _Page[_P]) -> Callable[..., HttpResponse]:
        @wraps(page)
        @sensitive_variables("token", "kwargs")
        def view(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            answer = _answer(request, token, lambda visit: page(request, visit, *args, **kwargs))
            for name, value in _HEADERS.items():
                answer[name] = value
            return answer

        return view

    def _answer(
        request: HttpRequest, token: str, shown: Callable[[Visit], HttpResponse]
    ) -> HttpResponse:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        if wait := throttle.seconds_to_wait(
            counted_address(client_address(request)), PAGES_PER_SECOND
        ):
            return _too_fast(request, wait)
        visit = visit_of(token)
        if visit is None:
            return render(request, "portal/over.html", status=HTTPStatus.NOT_FOUND)
        if request.method == "POST" and (
            wait := throttle.seconds_to_wait(visit.subscription.pk, ACTS_PER_SECOND)
        ):
            return _too_fast(request, wait)
        try:
            return shown(visit)
        except Http404:
            found = {"home": reverse("portal", kwargs={"token": token})}
            return render(request, "portal/over.html", found, status=HTTPStatus.NOT_FOUND)

    return decorate


def actor_of(request: HttpRequest, visit: Visit) -> Actor:
    # Whoever is logged in to the console acts as the holder of the link here.
    return Actor(user=None, label=visit.actor_label, address=client_address(request))


def _too_fast(request: HttpRequest, wait: int) -> HttpResponse:
    answer = render(request, "portal/too_fast.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    answer["Retry-After"] = str(wait)
    return answer
