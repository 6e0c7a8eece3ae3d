"""Stands between the supervisor and one child, so that nothing outlives the supervisor.

Run by path, with the standard library alone: `python -I guard.py COMMAND...`. It leads the process
group of everything that the command starts. Its standard input is a pipe that only the supervisor
holds open: when that closes, the supervisor is gone, however it died, and so goes the group. A
parent-death signal would reach the command itself, and not what the command started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType


def kill_group_when_orphaned() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def main(command: list[str]) -> int:
    child: subprocess.Popen[bytes] | None = None
    is_ending = False

    def forward(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_ending
        is_ending = True
        if child is not None and child.returncode is None:
            child.terminate()

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    threading.Thread(target=kill_group_when_orphaned, daemon=True).start()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own command)
    if is_ending:  # asked to end while the command was being started
        child.terminate()
    status = child.wait()
    # As a shell reports it: 128 and the number of the signal.
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
