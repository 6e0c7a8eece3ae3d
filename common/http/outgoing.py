"""The last look at a request before it goes out, the same for both clients."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from common.http.exchange import FailureKind, HttpFailure, OutgoingRequest
from common.http.failures import unsendable
from common.http.headers import sendable
from common.http.urls import Place, check_port, split_url

USER_AGENT: Final = "Patchbay"


def checked(request: OutgoingRequest) -> tuple[Place, dict[str, str]]:
    """Return where the request goes and its headers; raises HttpFailure for what must not go out.

    Refused is what was saved under other rules, or put together since.
    """
    try:
        place, headers = _place(request.url), sendable(request.headers)
    except ValueError as error:
        raise unsendable(error) from None
    try:
        check_port(place)
    except ValueError as error:
        raise HttpFailure(FailureKind.BLOCKED, str(error)) from None
    names = {name.lower() for name in headers}
    if "accept-encoding" in names:
        headers = {n: value for n, value in headers.items() if n.lower() != "accept-encoding"}
    headers["Accept-Encoding"] = "identity"
    if "user-agent" not in names:
        headers = {"User-Agent": USER_AGENT, **headers}
    return place, headers


@lru_cache(maxsize=512)
def _place(url: str) -> Place:
    return split_url(url)
