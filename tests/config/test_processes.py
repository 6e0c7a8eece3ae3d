from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from config.processes import make_children, web_command
from sites.heartbeats import STALE_AFTER
from sites.models import ProcessKind
from tests.processes.stack import free_port

pytestmark = pytest.mark.django_db


def test_web_fits_the_database(settings: Settings) -> None:
    settings.WEB_WORKERS = 5
    command = web_command(host="127.0.0.1", port=free_port(), grace_seconds=20)
    is_sqlite = connection.vendor == "sqlite"
    assert f"--workers={1 if is_sqlite else 5}" in command
    assert f"--blocking-threads={48 if is_sqlite else 24}" in command
    assert "--workers-kill-timeout=15" in command  # within the grace of the supervisor
    assert {"--respawn-failed-workers", "--no-access-log"} <= set(command)


def test_no_child_is_condemned_before_its_heart_could_beat_twice(tmp_path: Path) -> None:
    children = make_children(host="127.0.0.1", port=8000, grace_seconds=20, logs=tmp_path)
    assert {child.spec.kind for child in children} == set(ProcessKind)
    for child in children:
        assert child.spec.stale_after_seconds == STALE_AFTER[child.spec.kind].total_seconds()
        assert child.spec.start_allowance_seconds >= child.spec.stale_after_seconds
