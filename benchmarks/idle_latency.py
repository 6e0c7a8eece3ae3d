"""From a request of a vendor to the request of a subscriber, when nothing else is going on."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from benchmarks.bare_client import post_times
from benchmarks.printed import line
from benchmarks.receiver import Arrival, Receiver
from benchmarks.traffic import engage_source
from benchmarks.waiting_deliveries import BODY, subscribe
from benchmarks.web import running_web
from benchmarks.worked_off import running_worker
from webhooks.models import Source
from webhooks.outbound.models import Subscription

# Long enough for every loop to have gone idle, and at no regular beat.
_PAUSES: Final = (0.3, 0.5)
_LONGEST_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.002
_EVENT_TYPE: Final = "contact.created"


class Vendor:
    """Posts signed events about one new person after the other, over one connection."""

    def __init__(self, source: Source, port: int) -> None:
        self._source = source
        self._verifier = source.preset.verifier(source.config)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.answer_times: list[float] = []

    def post(self, number: int) -> float:
        """Return when the request was sent, in seconds since the epoch."""
        body = _body(number)
        headers = dict(self._verifier.credentials(body, datetime.now(UTC)).headers)
        sent_at = time.time()
        self._connection.request("POST", self._source.reception_path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"Reception answered {answer.status}.")
        self.answer_times.append(time.time() - sent_at)
        return sent_at


def measure_latency(receiver: Receiver, count: int) -> list[str]:
    """Print p50 and p95 of that many events, one at a time; return what went wrong."""
    fleet = subscribe("idle", [receiver.url("/now/idle")])
    Subscription.objects.filter(site=fleet.site).update(event_types=[_EVENT_TYPE])
    source = engage_source(fleet.site)
    receiver.report()
    with running_web() as web, running_worker():
        vendor = Vendor(source, web.port)
        vendor.post(0)  # opens connections, here and there
        _wait_for(receiver, 1)
        receiver.report()
        vendor.answer_times.clear()
        sent = []
        for number in range(1, count + 1):
            time.sleep(random.uniform(*_PAUSES))
            sent.append(vendor.post(number))
            _wait_for(receiver, number)
    arrivals = receiver.report()
    fleet.end()
    print()
    line("idle, from reception to the subscriber", _figures(_delays(sent, arrivals)))
    line("of that, until the vendor had its answer", _figures(vendor.answer_times))
    bare = post_times(receiver.url("/now/bare"), BODY, requests=count, pause=0.01)
    line("limit: aiohttp alone", _figures(_delays(bare, receiver.report())))
    ids = {each.message_id for each in arrivals}
    return [] if len(ids) == len(arrivals) == count else [f"{len(arrivals):,} ARRIVED OF {count:,}"]


def _delays(sent: Sequence[float], arrivals: Sequence[Arrival]) -> list[float]:
    """Return how long each took; they were sent one at a time, and so came in order."""
    return [each.at - sent_at for sent_at, each in zip(sent, arrivals, strict=False)]


def _figures(seconds: Sequence[float]) -> str:
    ordered = sorted(each * 1e3 for each in seconds)
    p50, p95 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
    return f"p50 {p50:6.1f} ms, p95 {p95:6.1f} ms"


def _wait_for(receiver: Receiver, count: int) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while receiver.count() < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"A delivery did not come within {_LONGEST_SECONDS:.0f} seconds.")
        time.sleep(_LOOK_SECONDS)


def _body(number: int) -> bytes:
    document = {
        "eventId": f"idle-{number}",
        "eventType": _EVENT_TYPE,
        "isEncrypted": False,
        "payload": {"contactId": f"idle-{number}", "email": f"idle{number}@example.com"},
        "tenant": "bench",
    }
    return json.dumps(document, separators=(",", ":")).encode()
