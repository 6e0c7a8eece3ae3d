"""The data folder: generated keys, logs, static files and, by default, the database."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import tempfile
from pathlib import Path
from typing import BinaryIO

from config.environment import ENCRYPTION_KEYS_FILE, SECRET_KEY_FILE
from config.start_failure import StartFailed


def data_folder_prepare(folder: Path) -> None:
    """Make the folder, private to its owner, with the keys it lacks."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
        (folder / "static").mkdir(exist_ok=True)
        _write_once(folder / SECRET_KEY_FILE, secrets.token_urlsafe(48))
        key = base64.b64encode(os.urandom(32)).decode()
        _write_once(folder / ENCRYPTION_KEYS_FILE, f"{secrets.token_hex(4)}:{key}")
    except OSError as error:
        raise StartFailed(
            f"The data folder {folder} cannot be written ({error.strerror}). Make it writable, or "
            "choose another with --data-dir."
        ) from error


def _write_once(path: Path, text: str) -> None:
    """Write a private file unless it is there. Whoever looks sees the whole file or none."""
    if path.exists():
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            # Data will be encrypted with it within seconds: it must survive a power cut.
            os.fsync(file.fileno())
        try:
            # A link fails where a rename would replace the key that another start just made.
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink(missing_ok=True)


def data_folder_lock(folder: Path) -> BinaryIO:
    """Return an open lock on the folder, held until the process ends, or refuse."""
    file = (folder / "run.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StartFailed(
            f"Patchbay already runs on the data folder {folder}. Stop it, or choose another with "
            "--data-dir."
        ) from None
    return file
