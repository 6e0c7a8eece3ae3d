"""Newman is installed once into the virtual environment, by the launcher of the tests."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent
_LOCKED: Final = ("package.json", "package-lock.json")
_SHARE: Final = Path(sys.prefix) / "share" / "patchbay-newman"
_PROGRAM: Final = Path("node_modules", "newman", "bin", "newman.js")
_BIN: Final = Path(sys.executable).parent
# npm's own patience, several minutes, is meant for people who watch it.
_INSTALL: Final = (
    "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
    "--loglevel=error", "--fetch-retries=3", "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000", "--fetch-timeout=60000",
)  # fmt: skip


def newman_command() -> list[str] | None:
    """Return the command that runs Newman as it is locked, None where it is not installed."""
    program = _folder() / _PROGRAM
    return [str(_BIN / "node"), str(program)] if program.exists() else None


def newman_install() -> str:
    """Install what is locked unless it is there; return why that failed, empty when it did not.

    Needs the npm registry, or npm's cache filled from it.
    """
    _SHARE.mkdir(parents=True, exist_ok=True)
    with (_SHARE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if newman_command() is not None:
            return ""
        # What was interrupted stays in a folder that nobody looks into.
        with tempfile.TemporaryDirectory(dir=_SHARE) as folder:
            made = Path(folder) / "newman"
            made.mkdir()
            for name in _LOCKED:
                shutil.copy(_HERE / name, made)
            problem = _npm(made)
            if not problem:
                made.rename(_folder())
    return problem


def _folder() -> Path:
    digest = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()
    return _SHARE / digest[:16]


def _npm(folder: Path) -> str:
    try:
        done = subprocess.run(
            [str(_BIN / "npm"), *_INSTALL],
            cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=900,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and (folder / _PROGRAM).exists():
        return ""
    return (done.stderr or done.stdout).strip() or "npm said nothing."
