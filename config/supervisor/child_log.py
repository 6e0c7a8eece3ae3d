"""The log file of one child, kept to two files of bounded size."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO, Final

ROTATE_BYTES: Final = 20 * 1024 * 1024
TAIL_BYTES: Final = 8 * 1024
LINE_CHARACTERS: Final = 160


class ChildLog:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._began_at = 0

    def open(self) -> BinaryIO:
        # Appending: after `rotate` shortened the file, the child writes on at its new end.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "ab", buffering=0)

    def begin(self) -> None:
        """Remember where the output of the start that follows begins."""
        self._began_at = self.path.stat().st_size if self.path.exists() else 0

    def rotate(self) -> None:
        """Move a file that grew too large to `.1`. Lines written meanwhile may be lost."""
        if not self.path.exists() or self.path.stat().st_size < ROTATE_BYTES:
            return
        # Copied and shortened, because the child holds the file open and cannot be told.
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        os.truncate(self.path, 0)
        self._began_at = 0

    def tail(self, lines: int = 5) -> list[str]:
        """Return the last lines since the latest start, shortened for a terminal."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._began_at, end - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        readable = (_readable(line) for line in text.splitlines() if line.strip())
        return [line[:LINE_CHARACTERS] for line in readable][-lines:]


def _readable(line: str) -> str:
    """Return a JSON log line as a sentence, any other line as it is, free of control characters."""
    try:
        entry: Any = json.loads(line)
    except ValueError:
        entry = None
    if isinstance(entry, dict) and "event" in entry:
        cause = str(entry.get("exception", "")).strip().rpartition("\n")[2]
        line = f"{entry['event']} ({cause})" if cause else str(entry["event"])
    return "".join(character if character.isprintable() else " " for character in line).rstrip()
