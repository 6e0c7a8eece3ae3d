"""`./patchbay test`: lint, types, layers, migrations, then the tests on both databases.

Newman is installed before them; where it cannot be, its tests are skipped.

Further arguments go to pytest: `./patchbay test tests/sites -k members`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.keys import TEST_KEYS
from tests.newman.installation import newman_install

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
CHECKS: Final[Mapping[str, Sequence[str]]] = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy", "."),
    "layers": ("lint-imports",),
    "migrations": ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
}


def run_check(name: str, command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Run one tool; say only that it is content, or all that it has to say."""
    began_at = time.monotonic()
    # Warnings that a tool writes beside its findings are for its authors, not for a summary.
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    is_ok = done.returncode == 0
    print_line(f"{name:<12} {'ok' if is_ok else 'FAILED'}  {time.monotonic() - began_at:.1f} s")
    if not is_ok:
        print_line((done.stdout + done.stderr).strip())
    return is_ok


def install_newman() -> None:
    """Prepare what downloads from outside Python's registry; the tests themselves never do."""
    began_at = time.monotonic()
    problem = newman_install()
    state = "ABSENT" if problem else "ok"
    print_line(f"{'newman':<12} {state}  {time.monotonic() - began_at:.1f} s")
    if problem:
        print_line(problem)


def run_tests(database: str, arguments: Sequence[str]) -> bool:
    """Run pytest in parallel on one database, its output passed through."""
    print_line(f"\ntests on {database}")
    environment = {**os.environ, "PATCHBAY_TEST_DATABASE": database}
    # One more than cores: many tests wait for processes and browsers. Who is done early takes over
    # from the others.
    parallel = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
    workers = [] if any(argument.startswith("-n") for argument in arguments) else parallel
    command = [sys.executable, "-m", "pytest", "-q", *workers, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="patchbay-check-") as folder:
        # The tools load the settings; they must neither need nor touch a real data folder.
        environment = {**os.environ, **TEST_KEYS, "PATCHBAY_DATA_DIR": folder}
        environment.pop("DATABASE_URL", None)
        results = {name: run_check(name, command, environment) for name, command in CHECKS.items()}
    install_newman()
    for database in ("sqlite", "postgresql"):
        results[f"tests on {database}"] = run_tests(database, arguments)
    failed = [name for name, is_ok in results.items() if not is_ok]
    if failed:
        print_line(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
