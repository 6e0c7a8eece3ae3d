"""`./patchbay bench NAME ...`: runs one module of this folder as a program."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path


def names() -> list[str]:
    """Return the modules that are meant to be run: those with a `main` of their own."""
    folder = Path(__file__).parent
    return sorted(
        path.stem
        for path in folder.glob("[a-z]*.py")
        if "\ndef main(" in path.read_text(encoding="utf-8")
    )


def main(arguments: list[str]) -> int:
    known = names()
    if not arguments or arguments[0] not in known:
        sys.stderr.write(
            f"Usage: ./patchbay bench NAME [OPTIONS], NAME one of {', '.join(known)}\n"
        )
        return 2
    sys.argv = [f"./patchbay bench {arguments[0]}", *arguments[1:]]
    runpy.run_module(f"benchmarks.{arguments[0]}", run_name="__main__", alter_sys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
