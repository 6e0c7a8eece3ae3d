"""Deliveries for tests: a subscription, events of it, and a receiver on loopback."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from django.utils import timezone

from tests.factories import SiteFactory
from webhooks.outbound.delivering.delivery_loop import Until
from webhooks.outbound.delivering.engine import DeliveryEngine
from webhooks.outbound.models import Delivery, Subscription
from webhooks.outbound.publishing import NewEvent, events_publish
from webhooks.outbound.signing import new_signing_secret

TYPE = "contact.created"

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
Behaviour: TypeAlias = "Callable[[Got], Answer]"


@dataclass(frozen=True, slots=True)
class Got:
    """One request as a receiver got it; header names in lower case."""

    number: int
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(slots=True)
class Receiver:
    """A server that answers as it is told, and keeps what it got."""

    port: int = 0
    answers: Behaviour = field(default=lambda _: (200, {}, b"ok"))
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def message_ids(self) -> list[str]:
        return [each.message_id for each in self.got]

    @property
    def most_by_message(self) -> int:
        return max(Counter(self.message_ids).values(), default=0)


class _Server(ThreadingHTTPServer):
    # Hundreds connect at once. With the usual 5 in the queue the kernel drops the others, which
    # come again after seconds, or reset, and look like a receiver that is down.
    request_queue_size = 512


@contextmanager
def receiver(answers: Behaviour | int = 200) -> Iterator[Receiver]:
    running = Receiver()
    if isinstance(answers, int):
        status = answers
        running.answers = lambda _: (status, {}, b"")
    else:
        running.answers = answers
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                got = Got(len(running.got), self.path, headers, body)
                running.got.append(got)
            status, extra, answer = running.answers(got)
            self.send_response(status)
            for name, value in {**extra, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients may leave
    running.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subscription(url: str, **fields: Any) -> Subscription:
    site = fields.pop("site", None) or SiteFactory.create()
    values: dict[str, Any] = {
        "name": f"Subscription {Subscription.objects.count() + 1}",
        "url": url,
        "format_key": "standard_webhooks",
        "secrets": {"signing": new_signing_secret()},
    }
    return Subscription.objects.create(site=site, **(values | fields))


def publish(to: Subscription, count: int = 1, **fields: Any) -> list[Delivery]:
    """Publish events to everybody on the site; return the deliveries of this subscription."""
    before = set(Delivery.objects.values_list("pk", flat=True))
    events_publish(
        [
            NewEvent(
                site_id=to.site_id,
                type=TYPE,
                payload={"number": number},
                occurred_at=timezone.now(),
                **fields,
            )
            for number in range(count)
        ]
    )
    made = Delivery.objects.filter(subscription=to).exclude(pk__in=before).order_by("pk")
    return list(made)


def deliver(until: Until = Until.NOTHING_DUE) -> int:
    return DeliveryEngine().run(until)


def stop_when(engine: DeliveryEngine, done: Callable[[], object]) -> None:
    """Stop the engine once something is so; the body of a thread."""
    ends_at = time.monotonic() + 240
    while not done() and time.monotonic() < ends_at:
        time.sleep(0.01)
    engine.stop()


def statuses(to: Subscription) -> list[str]:
    return list(
        Delivery.objects.filter(subscription=to).order_by("pk").values_list("status", flat=True)
    )
