from __future__ import annotations

from typing import Final

from webhooks.waking import wake_workers

# There are runs to go on with, or steps to be done apart from their runs.
RUNS: Final = "patchbay_runs"


def wake_runs() -> None:
    """Wake the workers when the current transaction commits."""
    wake_workers(RUNS)
