"""The system's Chromium for pytest-playwright's `page` and `browser` fixtures.

Where there is none, browser tests are skipped and the summary says so in one line;
`PATCHBAY_REQUIRE_BROWSER=1` makes that a failure.
"""

from __future__ import annotations

import os
import shutil
from typing import Any, Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MISSING: Final = (
    "No Chromium on PATH: the browser tests did not run. Install it (Debian: apt-get install "
    "chromium)."
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and os.environ.get("PATCHBAY_REQUIRE_BROWSER") == "1":
        pytest.fail(MISSING, pytrace=False)
    if path is None:
        pytest.skip(MISSING)
    return {"executable_path": path, "args": list(ARGUMENTS), "headless": True}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(MISSING in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.write_line(MISSING, yellow=True, bold=True)
