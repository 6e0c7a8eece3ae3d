"""Which processes are alive, by kind, from their heartbeat rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sites.heartbeats import live_processes
from sites.models import Heartbeat, ProcessKind

_PURPOSE: Final[Mapping[ProcessKind, str]] = {
    ProcessKind.WEB: "Takes webhooks in and serves these pages.",
    ProcessKind.WORKER: "Turns received events into contact changes, and sends deliveries.",
    ProcessKind.QCLUSTER: "Runs schedules, such as clean-up, and jobs, such as a bulk replay.",
}
_REMEDY: Final[Mapping[ProcessKind, str]] = {
    ProcessKind.WEB: (
        "This page is served by a process that does not report itself. Start the web process "
        "with ./patchbay run."
    ),
    ProcessKind.WORKER: (
        "Start ./patchbay run, or the worker service on its machine. Until then events are stored "
        "and wait, and nothing is delivered."
    ),
    ProcessKind.QCLUSTER: (
        "Start ./patchbay run, or the qcluster service. Until then jobs stay in the queue, old "
        "rows are not removed, and nobody is told of trouble by e-mail."
    ),
}


@dataclass(frozen=True, slots=True)
class RunningKind:
    """One kind of process; `remedy` says what to do when none of it runs."""

    label: str
    purpose: str
    processes: list[Heartbeat]
    remedy: str

    @property
    def is_running(self) -> bool:
        return bool(self.processes)


def running_kinds() -> list[RunningKind]:
    return [
        RunningKind(
            label=str(kind.label),
            purpose=_PURPOSE[kind],
            processes=list(live_processes(kind)),
            remedy=_REMEDY[kind],
        )
        for kind in ProcessKind
    ]
