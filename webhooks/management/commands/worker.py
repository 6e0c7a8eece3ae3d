from __future__ import annotations

import gc
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webhooks.inbound.processing.worker import Until, Worker


class Command(BaseCommand):
    help = (
        "Works off received events until it gets SIGTERM or SIGINT; the batch at hand is finished. "
        "On PostgreSQL any number may run, on any machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        ends = parser.add_mutually_exclusive_group()
        ends.add_argument("--once", action="store_true", help="work off one batch, then end")
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
        worker = Worker(batch_size=batch_size)

        def stop(_number: int, _frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        # A batch makes some 100,000 objects that live as long as it does. Looking through them for
        # cycles after every 700, as is usual, costs a tenth of the time.
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        until = Until.ONE_BATCH if once else Until.NOTHING_DUE if burst else Until.STOPPED
        worker.run(until)
