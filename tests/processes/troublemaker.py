"""A child to supervise: says who it is, and behaves as badly as it is told to.

`troublemaker.py FOLDER NAME [deaf] [parent] [mute]`: every process leaves a file
`FOLDER/NAME.ROLE.PID`, whose time is its heartbeat. `deaf` ignores SIGTERM, `parent` starts a
second process of the same kind, `mute` lets the heart stop after the first beat.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from os import getpid
from pathlib import Path


def main() -> None:
    folder, name, *traits = sys.argv[1:]
    if "deaf" in traits:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    role = "kid" if "kid" in traits else "main"
    mark = Path(folder) / f"{name}.{role}.{getpid()}"
    mark.touch()
    if "parent" in traits:
        others = [trait for trait in traits if trait != "parent"]
        subprocess.Popen([sys.executable, __file__, folder, name, "kid", *others])
    while True:
        if "mute" not in traits:
            mark.touch()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
