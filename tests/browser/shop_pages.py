"""Pages of a shop, on an origin of their own, and a relay in front of Patchbay that may fail."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import requests

from sites.models import PublishableKey


class _Server:
    """Answers GET and POST on loopback by `answer` until it is left."""

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            def do_OPTIONS(self) -> None:
                server.answer(self)

            def log_message(self, *words: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    def answer(self, peer: BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class Shop(_Server):
    """Serves the HTML that `pages` has at a path; every page gets `headers`."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}

    def answer(self, peer: BaseHTTPRequestHandler) -> None:
        path = peer.path.partition("?")[0]
        page = self.pages.get(path)
        # Browsers ask for it by themselves; an error would stand in the page's console.
        is_there = page is not None or path == "/favicon.ico"
        body = (page or "").encode()
        peer.send_response(200 if is_there else 404)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**headers, **self.headers}.items():
            peer.send_header(name, value)
        peer.end_headers()
        peer.wfile.write(body)


def shop_page(*tags: str, title: str = "Röd jacka") -> str:
    return f"<!doctype html><title>{title}</title>{''.join(tags)}<h1>{title}</h1>"


def script_tag(host: str, of: PublishableKey, **attributes: str) -> str:
    """Return the tag of the manual; `do_not_track="ignore"` adds that attribute."""
    given = {"site": str(of.site.public_id), "key": of.key, **attributes}
    data = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in given.items())
    return f'<script src="{host}/sdk/patchbay.js" {data} defer></script>'


@dataclass(frozen=True, slots=True)
class Posted:
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_beacon(self) -> bool:
        return self.headers.get("sec-fetch-mode") == "no-cors"

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


Fault = Callable[[BaseHTTPRequestHandler, Callable[[], None]], None]


def cut(peer: BaseHTTPRequestHandler, forward: Callable[[], None]) -> None:
    """Hang up, as a server does that is down."""
    peer.close_connection = True


def lose_answer(peer: BaseHTTPRequestHandler, forward: Callable[[], None]) -> None:
    """Let the request through and hang up before the answer."""
    forward()
    peer.close_connection = True


def refuse_for(status: int, retry_after: str) -> Fault:
    """Answer as Patchbay does when it is busy."""

    def fail(peer: BaseHTTPRequestHandler, forward: Callable[[], None]) -> None:
        peer.send_response(status)
        peer.send_header("Access-Control-Allow-Origin", peer.headers["Origin"])
        peer.send_header("Access-Control-Expose-Headers", "Retry-After")
        peer.send_header("Retry-After", retry_after)
        peer.send_header("Content-Length", "0")
        peer.end_headers()

    return fail


class Relay(_Server):
    """Passes everything on to `upstream` and keeps what was posted.

    `faults` are what goes wrong with the next posts, one each; `always` with all after them.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self._upstream = upstream
        self.posted: list[Posted] = []
        self.preflights = 0
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None

    def answer(self, peer: BaseHTTPRequestHandler) -> None:
        body = peer.rfile.read(int(peer.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in peer.headers.items()}
        answers: list[requests.Response] = []

        def forward() -> None:
            passed = {name: value for name, value in headers.items() if name != "host"}
            answers.append(
                requests.request(
                    peer.command, self._upstream + peer.path, data=body, headers=passed, timeout=20
                )
            )

        self.preflights += peer.command == "OPTIONS"
        fault = None
        if peer.command == "POST":
            self.posted.append(Posted(headers, body))
            fault = self.faults.popleft() if self.faults else self.always
        if fault is not None:
            fault(peer, forward)
            return
        forward()
        _pass_back(peer, answers[0])


def _pass_back(peer: BaseHTTPRequestHandler, answer: requests.Response) -> None:
    peer.send_response(answer.status_code)
    # `requests` has unpacked the body.
    dropped = ("content-encoding", "content-length", "transfer-encoding", "connection")
    for name, value in answer.headers.items():
        if name.lower() not in (*dropped, "date", "server"):
            peer.send_header(name, value)
    peer.send_header("Content-Length", str(len(answer.content)))
    peer.end_headers()
    peer.wfile.write(answer.content)
