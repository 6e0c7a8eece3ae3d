"""What `./patchbay run` says: short, for a person, in colour only where one sits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Final, TextIO

_BOLD: Final = "1"
_RED: Final = "31"
_GREEN: Final = "32"
_DIM: Final = "2"


class Terminal:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._has_colour = self._stream.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str) -> None:
        self._write(text)

    def fact(self, label: str, value: str) -> None:
        self._write(f"  {self._in(_DIM, f'{label:<10}')} {self._in(_BOLD, value)}")

    def good(self, text: str) -> None:
        self._event(_GREEN, text)

    def bad(self, text: str, details: Iterable[str] = ()) -> None:
        self._event(_RED, text)
        for line in details:
            self._write(f"           {self._in(_DIM, line)}")

    def _event(self, colour: str, text: str) -> None:
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        self._write(f"  {self._in(_DIM, clock)}  {self._in(colour, text)}")

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._has_colour else text

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal went away. Supervising goes on without it.
            return
