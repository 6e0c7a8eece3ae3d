"""How fast stored events reach their subscribers: `./patchbay bench delivery`.

Fills a throw-away installation while a real worker process is stopped, lets it go on, and checks
afterwards with the receiver, a process of its own, that every message id arrived once. The limit
printed beside is measured in the same run: aiohttp alone, posting to the same receiver.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from benchmarks.installation import temporary_installation
from benchmarks.printed import line

if TYPE_CHECKING:
    from benchmarks.receiver import Receiver
    from benchmarks.waiting_deliveries import Fleet
    from benchmarks.worked_off import Run

_SLOW_MS: Final = 200
_SLOW_IN_FLIGHT: Final = 512
_FLEET: Final = 50
_MANY_IN_FLIGHT: Final = 64
_PARTS: Final = ("fast", "slow", "dead", "backlog", "idle")
# Takes minutes to store, so it is asked for by name.
_WAITING: Final = "waiting"


class Bench:
    """One run on one installation; `is_exact` until something went wrong."""

    def __init__(self, receiver: Receiver, options: argparse.Namespace) -> None:
        self.is_exact = True
        self._receiver = receiver
        self._options = options

    def fast(self) -> None:
        with self._fleet("now", 20) as fleet:
            run = self._run(fleet, self._options.deliveries)
            self._print("fast receivers, 20 subscriptions", fleet, run)
        self._print_limit("now", self._options.deliveries, _MANY_IN_FLIGHT)

    def slow(self) -> None:
        with self._fleet(f"wait/{_SLOW_MS}", 32) as fleet:
            run = self._run(fleet, self._options.deliveries)
            self._print(f"receivers that take {_SLOW_MS} ms, 32 subscriptions", fleet, run)
        self._print_limit(f"wait/{_SLOW_MS}", self._options.deliveries, _SLOW_IN_FLIGHT)

    def dead(self) -> None:
        with self._fleet("now", _FLEET - 1) as fleet:
            run = self._run(fleet, self._options.deliveries)
            alone = self._print(f"{_FLEET - 1} fast receivers", fleet, run)
        with self._fleet("now", _FLEET - 1, dead=1) as fleet:
            run = self._run(fleet, self._options.deliveries)
            beside = self._print("the same beside one that never answers", fleet, run)
        line("of the pace without it", f"{beside / alone:10.0%}")

    def backlog(self) -> None:
        with self._fleet("now", _FLEET) as fleet:
            run = self._run(fleet, self._options.backlog)
            self._print(f"a backlog, {_FLEET} subscriptions", fleet, run)
            line("drained in", f"{run.seconds:10,.1f} s")

    def idle(self) -> None:
        from benchmarks.idle_latency import measure_latency

        problems = measure_latency(self._receiver, self._options.latencies)
        self._conclude(problems)

    def waiting(self) -> None:
        """Deliver for a while from so many that they do not end; ask for memory alone."""
        seconds = self._options.waiting_seconds
        ends_at = 0.0

        def is_over() -> bool:
            nonlocal ends_at
            ends_at = ends_at or time.monotonic() + seconds
            return time.monotonic() >= ends_at

        with self._fleet("now", _FLEET) as fleet:
            run = self._run(fleet, self._options.waiting, is_over)
            done = fleet.succeeded()
            print(f"\n  {self._options.waiting:,} deliveries waiting, for {seconds} s")
            line("delivered meanwhile", f"{done / run.seconds:10,.0f} /s")
            line("largest memory of the worker", f"{run.peak_bytes / 1e6:10,.0f} MB")
            self._conclude(fleet.problems(self._receiver.report(), is_whole=False))

    @contextmanager
    def _fleet(self, manner: str, count: int, *, dead: int = 0) -> Iterator[Fleet]:
        from benchmarks.waiting_deliveries import subscribe

        self._receiver.report()
        name = f"fleet-{time.monotonic_ns()}"
        urls = [self._receiver.url(f"/{manner}/{name}-{number}") for number in range(count)]
        never = [self._receiver.url(f"/never/{name}-{number}") for number in range(dead)]
        fleet = subscribe(name, urls, dead=never)
        yield fleet
        fleet.end()

    def _run(self, fleet: Fleet, deliveries: int, is_done: Callable[[], bool] | None = None) -> Run:
        from benchmarks.worked_off import run_worker
        from webhooks.waking import EVENTS

        expected = 0

        def all_recorded() -> bool:
            nonlocal expected
            expected = expected or fleet.expected()
            return fleet.succeeded() >= expected

        return run_worker(
            lambda: fleet.publish(deliveries), is_done=is_done or all_recorded, channel=EVENTS
        )

    def _print(self, name: str, fleet: Fleet, run: Run) -> float:
        """Print what came of a run; return deliveries a second."""
        done = fleet.succeeded()
        rate = done / run.seconds
        print()
        line(name, f"{rate:10,.0f} deliveries /s")
        line("CPU of the worker", f"{run.cpu_seconds / done * 1e6:10,.0f} µs")
        if run.server_cpu_seconds:
            line("CPU of the database server", f"{run.server_cpu_seconds / done * 1e6:10,.0f} µs")
        line("largest memory of the worker", f"{run.peak_bytes / 1e6:10,.0f} MB")
        self._conclude(fleet.problems(self._receiver.report()))
        return rate

    def _conclude(self, problems: list[str]) -> None:
        self.is_exact &= not problems
        print(f"  {'; '.join(problems) if problems else 'every message id arrived once'}")

    def _print_limit(self, manner: str, requests: int, in_flight: int) -> None:
        from benchmarks.bare_client import post_rate
        from benchmarks.waiting_deliveries import BODY

        urls = [self._receiver.url(f"/{manner}/bare-{number}") for number in range(20)]
        rate = post_rate(urls, BODY, requests=requests, in_flight=in_flight)
        line(f"limit: aiohttp alone, {in_flight} in flight", f"{rate:10,.0f} /s")


def main() -> int:
    options = _options()
    with temporary_installation(options.database):
        from benchmarks.receiver import running_receiver

        with running_receiver() as receiver:
            print(f"Deliveries on {options.database}, one worker, bodies of 1 KB, signed")
            bench = Bench(receiver, options)
            for name in options.only:
                getattr(bench, name)()
    return 0 if bench.is_exact else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--deliveries", type=int, default=20_000, help="in each of the first three")
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--latencies", type=int, default=60, help="events on an idle system")
    parser.add_argument("--waiting", type=int, default=1_000_000, help="for the part of that name")
    parser.add_argument("--waiting-seconds", type=int, default=20)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=(*_PARTS, _WAITING),
        default=_PARTS,
        metavar="PART",
        help=f"{', '.join(_PARTS)} (default: all of these), {_WAITING} (memory with many waiting)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
