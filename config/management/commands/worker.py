from __future__ import annotations

import gc
import resource
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from automation.workflows.working.run_loop import RunEngine
from automation.workflows.working.run_loop import Until as GoingOnUntil
from webhooks.inbound.processing.worker import Until, Worker
from webhooks.outbound.delivering.delivery_loop import Until as DeliveringUntil
from webhooks.outbound.delivering.engine import DeliveryEngine


class Command(BaseCommand):
    help = (
        "Works off received events, goes on with workflows and sends deliveries until it gets "
        "SIGTERM or SIGINT; the batch at hand is finished, and answers are waited for. On "
        "PostgreSQL any number may run, on any machine."
    )

    # They look at the code and not at the installation, and for that load every page of the
    # console, which a worker never shows: 17 MB.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        ends = parser.add_mutually_exclusive_group()
        ends.add_argument(
            "--once",
            action="store_true",
            help="one batch of each, then end",
        )
        ends.add_argument("--burst", action="store_true", help="end when nothing is due")
        parser.add_argument(
            "--batch-size",
            type=int,
            default=settings.WORKER_BATCH_SIZE,
            help="the most events in one transaction (default: %(default)s)",
        )

    def handle(self, *, once: bool, burst: bool, batch_size: int, **_options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size must be at least 1.")
        allow_connections()
        # A batch makes some 100,000 objects that live as long as it does. Looking through them for
        # cycles after every 700, as is usual, costs a tenth of the time.
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        if once:
            run_short(Until.ONE_BATCH, batch_size)
        elif burst:
            run_short(Until.NOTHING_DUE, batch_size)
        else:
            run_until_stopped(batch_size)


def run_short(until: Until, batch_size: int) -> None:
    """Do one after the other: what is worked off may be what there is to go on with or deliver."""
    worker, runs, deliveries = Worker(batch_size=batch_size), RunEngine(), DeliveryEngine()
    stopped = stop_at_signals(worker, runs, deliveries)
    worker.run(until)
    if not stopped:
        runs.run(GoingOnUntil(until.value))
    if not stopped:
        deliveries.run(DeliveringUntil(until.value))


def run_until_stopped(batch_size: int) -> None:
    """Run all loops at once; the failure of one ends the process, and the supervisor acts."""
    deliveries = DeliveryEngine(on_failure=lambda: worker.stop())  # noqa: PLW0108 - made below
    runs = RunEngine(on_failure=lambda: worker.stop())  # noqa: PLW0108 - made below
    worker = Worker(
        batch_size=batch_size,
        is_well=lambda: deliveries.is_well() and runs.is_well(),
        after_work=deliveries.wake,
    )
    stop_at_signals(worker, runs, deliveries)
    deliveries.start()
    runs.start()
    try:
        worker.run()
    finally:
        for loop in (runs, deliveries):
            loop.stop()
        for loop in (runs, deliveries):
            loop.join()
    if deliveries.error is not None or runs.error is not None:
        raise CommandError("A loop of the worker ended by an error; the log has it.")


def stop_at_signals(*loops: Worker | RunEngine | DeliveryEngine) -> list[int]:
    """Let all end at SIGTERM and SIGINT; return a list that then holds the signal."""
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)
        for loop in loops:
            loop.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped


def allow_connections() -> None:
    """Let the process have as many open connections as the system allows, mostly above 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
