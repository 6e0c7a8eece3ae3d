"""What a worker loads: each module that it never needs takes memory from every installation."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.processes.stack import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)


def loaded_by_a_worker() -> set[str]:
    """Return the modules that a whole round of a worker loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "manage.py", "worker", "--once"],
        env={**os.environ, "DATABASE_URL": database_url()},
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_a_worker_loads_no_addresses_and_the_driver_of_its_database_alone() -> None:
    loaded = loaded_by_a_worker()
    assert "webhooks.outbound.delivering.engine" in loaded
    assert "config.health" not in loaded  # one of the pages; by it, all addresses
    assert ("psycopg" in loaded) is (connection.vendor == "postgresql")
