"""Where a connection goes, as aiohttp's connector asks for it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from ssl import SSLContext
from typing import Final

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from common.http.dialling import tls_context
from common.http.urls import Place

_MOST_KNOWN: Final = 1024


class Destination:
    """Stands in for the request of aiohttp, of which its connector reads these attributes alone.

    One is made for all requests to a host: a whole one for each would cost more than sending it.
    """

    proxy: Final = None
    server_hostname: Final = None

    def __init__(self, place: Place, ssl: SSLContext | bool) -> None:
        host = f"[{place.host}]" if ":" in place.host else place.host
        self.url = URL(f"{place.scheme}://{host}:{place.port}/", encoded=True)
        self.host = place.host
        self.port = place.port
        self.ssl = ssl

    @cached_property
    def connection_key(self) -> ConnectionKey:
        return ConnectionKey(self.host, self.port, self.is_ssl(), self.ssl, None, None, None)

    @cached_property
    def host_header(self) -> str:
        return self.url.host_port_subcomponent or self.host

    def is_ssl(self) -> bool:
        return self.url.scheme == "https"


@lru_cache(maxsize=_MOST_KNOWN)
def destination(place: Place, *, verify_tls: bool) -> Destination:
    """Return the destination of a place; connections to the same one are shared."""
    return Destination(place, tls_context(verify=verify_tls) if place.is_tls else True)


@lru_cache(maxsize=16)
def connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds)
