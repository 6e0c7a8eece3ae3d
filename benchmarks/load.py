"""Drives a URL for some seconds, with wrk where it is installed, else with `driver`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_THREADS: Final = 2
_RESULT: Final = re.compile(r"^RESULT (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
_ERRORS: Final = re.compile(r"^ERRORS (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)


@dataclass(slots=True)
class Load:
    """What came of it. `acknowledged_ids` only where the driver reads the answers."""

    acknowledged: int
    refused: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    acknowledged_ids: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.acknowledged / self.seconds


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def drive_with_wrk(
    port: int, script: Path, arguments: Sequence[str], *, seconds: int, connections: int
) -> Load:
    """Run wrk with one of the scripts beside this module."""
    command = [
        "wrk", f"-t{_THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout=30s",
        f"-s{script}", f"http://127.0.0.1:{port}/", "--", *arguments, str(_THREADS),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result, errors = _RESULT.search(done.stdout), _ERRORS.search(done.stdout)
    if result is None or errors is None:
        raise SystemExit(f"wrk failed:\n{done.stdout}\n{done.stderr}")
    answered, microseconds, p50, p99 = (int(number) for number in result.groups())
    connect, read, write, status, timeout = (int(number) for number in errors.groups())
    return Load(
        acknowledged=answered - status,
        refused=status,
        failed=connect + read + write + timeout,
        seconds=microseconds / 1e6,
        p50_ms=p50 / 1e3,
        p99_ms=p99 / 1e3,
    )
