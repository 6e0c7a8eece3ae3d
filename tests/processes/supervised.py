"""A supervisor over troublemakers: `python -m tests.processes.supervised FOLDER GRACE NAME=TRAITS`.

NAME is a kind of process. Heartbeats are the files that the children touch; while there is a file
`FOLDER/away`, they cannot be read.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TROUBLEMAKER: Final = Path(__file__).with_name("troublemaker.py")


def main() -> None:
    import django

    django.setup()
    from config.supervisor.child import Child, ChildSpec
    from config.supervisor.child_log import ChildLog
    from config.supervisor.heartbeat_watch import Beat, HeartbeatWatch
    from config.supervisor.supervisor import Supervisor
    from config.supervisor.terminal import Terminal
    from sites.models import ProcessKind

    folder, grace, *named = sys.argv[1:]
    marks = Path(folder) / "marks"

    def beats() -> list[Beat]:
        if (Path(folder) / "away").exists():
            raise ConnectionError
        found = []
        for mark in marks.iterdir():
            kind, _, process_id = mark.name.split(".")
            at = datetime.fromtimestamp(mark.stat().st_mtime, tz=UTC)
            found.append(Beat(kind, int(process_id), at))
        return found

    def child(kind: str, traits: str) -> Child:
        command = [sys.executable, str(TROUBLEMAKER), str(marks), kind, *traits.split(",")]
        spec = ChildSpec(kind=ProcessKind(kind), command=command, stale_after_seconds=3.0)
        return Child(spec, environment=os.environ, log=ChildLog(Path(folder) / f"{kind}.log"))

    Supervisor(
        [child(*item.split("=")) for item in named],
        watch=HeartbeatWatch(beats, every_seconds=0.1),
        terminal=Terminal(),
        grace_seconds=float(grace),
    ).run()


if __name__ == "__main__":
    main()
