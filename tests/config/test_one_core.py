"""The web process on SQLite stays on one core, threads that come later included."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

_PROGRAM = """
import json, os, threading
from config.one_core import keep_to_one_core
before = sorted(os.sched_getaffinity(0))
keep_to_one_core()
seen = []
thread = threading.Thread(target=lambda: seen.append(sorted(os.sched_getaffinity(0))))
thread.start()
thread.join()
print(json.dumps({"before": before, "main": sorted(os.sched_getaffinity(0)), "thread": seen[0]}))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_process_and_its_later_threads_keep_to_one_core() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    cores = json.loads(done.stdout)
    assert cores["main"] == cores["thread"]
    assert len(cores["main"]) == 1
    assert set(cores["main"]) <= set(cores["before"])
