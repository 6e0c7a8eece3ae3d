"""How fast webhooks are received, verified and made durable: `./patchbay bench reception`.

Starts the web process on a throw-away installation, drives it over HTTP, and checks afterwards
that what was acknowledged is stored once. The limits printed beside are measured in the same run:
a view that does nothing, and the journal without HTTP.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.installation import temporary_installation
from benchmarks.load import Load, drive_with_wrk, has_wrk
from benchmarks.web import running_web

if TYPE_CHECKING:
    from benchmarks.traffic import SignedTraffic
    from benchmarks.web import Web

_HERE: Final = Path(__file__).parent
# Signed in advance, so enough of them for a machine several times as fast as the budget asks.
_SIGNED_PER_SECOND: Final = 25_000


def main() -> int:
    options = _options()
    with temporary_installation(options.database) as folder:
        print(f"Reception on {options.database}, {options.connections} connections")
        if options.batch:
            is_exact = _bench_batches(folder, options)
        else:
            is_exact = _bench_single_events(folder, options)
    return 0 if is_exact else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--batch", action="store_true", help="Ongage bodies of 1,000 rows")
    parser.add_argument("--python-driver", action="store_true", help="do not use wrk")
    return parser.parse_args()


def _bench_single_events(folder: Path, options: argparse.Namespace) -> bool:
    from benchmarks.group_commit import journal_rate
    from benchmarks.stored import check_stored
    from benchmarks.traffic import make_signed_traffic

    traffic = make_signed_traffic(folder, options.seconds * _SIGNED_PER_SECOND)
    load = measured("reception", "event", lambda web: _drive(web, traffic, options))
    is_exact = check_stored(load)
    with running_web("benchmarks.noop:application") as web:
        limit = _drive(web, traffic, options, path="/in/noop")
    print(f"  limit: a view that does nothing  {limit.per_second:10,.0f} /s")
    rate = journal_rate(seconds=options.seconds, threads=options.connections, body=traffic.body)
    print(f"  limit: the journal without HTTP  {rate:10,.0f} /s")
    rate = journal_rate(seconds=options.seconds, threads=1, body=traffic.body)
    print(f"  limit: one insert at a time      {rate:10,.0f} /s")
    return is_exact


def _bench_batches(folder: Path, options: argparse.Namespace) -> bool:
    from benchmarks.stored import check_stored
    from benchmarks.traffic import ROWS_PER_BATCH, make_batch_traffic

    if not has_wrk():
        raise SystemExit("The batch mode needs wrk. Install it: apt-get install wrk")
    path, file = make_batch_traffic(folder)
    load = measured(
        "batch reception",
        "request",
        lambda web: drive_with_wrk(
            web.port,
            _HERE / "batch.lua",
            [str(file), path],
            seconds=options.seconds,
            connections=min(options.connections, 16),
        ),
    )
    print(f"  rows made durable                {load.per_second * ROWS_PER_BATCH:10,.0f} /s")
    return check_stored(load)


def _drive(
    web: Web, traffic: SignedTraffic, options: argparse.Namespace, *, path: str = ""
) -> Load:
    url_path = path or traffic.path
    if options.python_driver or not has_wrk():
        from benchmarks.driver import drive, signed_requests

        requests = signed_requests(traffic.file, url_path, traffic.timestamp)
        return drive(web.port, requests, seconds=options.seconds, connections=options.connections)
    return drive_with_wrk(
        web.port,
        _HERE / "signed.lua",
        [str(traffic.file), url_path, traffic.timestamp],
        seconds=options.seconds,
        connections=options.connections,
    )


def measured(name: str, unit: str, drive: Callable[[Web], Load]) -> Load:
    with running_web() as web:
        before = web.usage()
        load = drive(web)
        after = web.usage()
    cpu = (after.cpu_seconds - before.cpu_seconds) / max(1, load.acknowledged) * 1e6
    print(f"  {name:<32} {load.per_second:10,.0f} /s")
    print(f"  p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms")
    print(f"  CPU of the web processes         {cpu:10,.0f} µs per {unit}")
    print(f"  memory of the largest process    {after.largest_bytes / 1e6:10,.0f} MB")
    if load.refused or load.failed:
        print(f"  refused {load.refused}, failed {load.failed}")
    return load


if __name__ == "__main__":
    raise SystemExit(main())
