"""How fast received events become contacts: `./patchbay bench processing`.

Fills a throw-away installation with received events while a real worker process is stopped, lets
it go on, and checks afterwards that every event had its effect once. The limit printed beside is
measured in the same run: the same number of contacts inserted in sets, and nothing else.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from benchmarks.installation import temporary_installation

if TYPE_CHECKING:
    from benchmarks.waiting_events import Scenario

_ROWS_PER_BATCH: Final = 1_000


def main() -> int:
    options = _options()
    with temporary_installation(options.database):
        from benchmarks.waiting_events import created, mixed, ongage_batches, subscribe

        print(f"Processing on {options.database}, one worker, {options.events:,} events")
        subscribe(options.subscriptions, options.types)
        print(f"  {options.subscriptions} paused subscriptions to {options.types or 'everything'}")
        _print_limit(options.events)
        batches = max(1, options.events // _ROWS_PER_BATCH)
        exact = [
            _bench(created(options.events)),
            _bench(mixed(options.events)),
            _bench(ongage_batches(batches, _ROWS_PER_BATCH, people=options.events)),
        ]
    return 0 if all(exact) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--events", type=int, default=50_000)
    # Paused, so that their deliveries are stored and nothing is sent.
    parser.add_argument("--subscriptions", type=int, default=0)
    parser.add_argument("--types", default="contact.*", help="what they want; empty is everything")
    return parser.parse_args()


def _bench(scenario: Scenario) -> bool:
    from benchmarks.worked_off import run_worker

    run = run_worker(scenario.fill)
    rows_per_second = scenario.rows / run.seconds
    print(f"\n  {scenario.name:<40} {rows_per_second:10,.0f} {scenario.unit} /s")
    print(
        f"  CPU of the worker                        {_micros(run.cpu_seconds, scenario):10,.0f} µs"
    )
    if run.server_cpu_seconds:
        micros = _micros(run.server_cpu_seconds, scenario)
        print(f"  CPU of the database server               {micros:10,.0f} µs")
    print(f"  largest memory of the worker             {run.peak_bytes / 1e6:10,.0f} MB")
    problems = scenario.problems()
    print(f"  {'; '.join(problems) if problems else 'every event had its effect once'}")
    return not problems


def _micros(seconds: float, scenario: Scenario) -> float:
    return seconds / scenario.rows * 1e6


def _print_limit(events: int) -> None:
    from benchmarks.bare_contacts import insert_rate

    rate = insert_rate(events)
    print(f"  limit: contacts inserted in sets of 500  {rate:10,.0f} /s")


if __name__ == "__main__":
    raise SystemExit(main())
