"""A retailer's own API on loopback: it keeps contacts, and fails when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.models import GenericApi
from sites.models import Site

OPTIONS = [
    {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat"]},
    {"key": "acceptsEmail", "label": "Mail", "type": "boolean", "stored_as": "email_preference"},
]


@dataclass(slots=True, repr=False)
class Retailer:
    """What the API knows and how it answers. Keys are those of `retailer_api`.

    `lookup_status` and `write_status` replace the honest answer when set. `lookups` and `writes`
    are what was asked. A call waits for `open_door`, a write for `write_gate` as well; `arrived`
    counts those that came.
    """

    url: str
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    lookup_status: int | None = None
    lookup_body: bytes | None = None
    write_status: int | None = None
    lookups: list[dict[str, str]] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    open_door: threading.Event = field(default_factory=threading.Event)
    write_gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def knows(self, **contact: Any) -> None:
        self.contacts[contact["e_mail"]] = contact

    def lookup(self, query: dict[str, str]) -> tuple[int, bytes]:
        with self.lock:
            self.lookups.append(query)
            found = next((each for each in self.contacts.values() if _matches(each, query)), None)
        if self.lookup_status is not None or self.lookup_body is not None:
            return self.lookup_status or 200, self.lookup_body or b"{}"
        return (404, b"{}") if found is None else (200, json.dumps(found).encode())

    def write(self, document: dict[str, Any]) -> tuple[int, bytes]:
        with self.lock:
            self.writes.append(document)
            if self.write_status is not None:
                return self.write_status, b"{}"
            name = document.get("e_mail") or document.get("mobile") or ""
            status = 200 if name in self.contacts else 201
            self.contacts.setdefault(name, {}).update(document)
        return status, b"{}"


@contextmanager
def running_retailer() -> Iterator[Retailer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    retailer = Retailer(url=f"http://127.0.0.1:{server.server_port}/contacts")
    retailer.open_door.set()
    retailer.write_gate.set()
    server.retailer = retailer  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield retailer
    finally:
        retailer.open_door.set()
        retailer.write_gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def retailer_api(site: Site, retailer: Retailer, **fields: Any) -> GenericApi:
    """Connect the site to the retailer; an existing connection is changed."""
    values = {
        "is_active": True,
        "auth_mode": "header",
        "header_name": "X-Onsite-Token",
        "header_value": "example-token",
        "lookup_url": retailer.url,
        "write_url": retailer.url,
        "email_key": "e_mail",
        "phone_key": "mobile",
        "ignored_codes": "409, 500-599",
        # The longest there is: tests hold an answer back until others have arrived.
        "connect_seconds": 30,
        "total_seconds": 30,
        "custom_options": OPTIONS,
    }
    api, _ = GenericApi.objects.update_or_create(site=site, defaults=values | fields)
    return api


def _matches(contact: dict[str, Any], query: dict[str, str]) -> bool:
    return any(contact.get(name) == value for name, value in query.items())


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self._wait()
        self._answer(*self._retailer.lookup(query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._wait()
        self._retailer.write_gate.wait(30)
        self._answer(*self._retailer.write(json.loads(body)))

    @property
    def _retailer(self) -> Retailer:
        retailer: Retailer = self.server.retailer  # type: ignore[attr-defined]
        return retailer

    def _wait(self) -> None:
        assert self.headers["X-Onsite-Token"] == "example-token"
        self._retailer.arrived.release()
        self._retailer.open_door.wait(30)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the output of the tests clean."""
