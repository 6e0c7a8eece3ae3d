"""Tools from outside the Python packages: where one is missing, its tests are skipped loudly.

The summary says so in one line each. `PATCHBAY_REQUIRE_BROWSER=1` and
`PATCHBAY_REQUIRE_NEWMAN=1` make it a failure.
"""

from __future__ import annotations

import os
from typing import Final, NoReturn

import pytest

MISSING: Final = {
    "BROWSER": (
        "No Chromium on PATH: the browser tests did not run. Install it (Debian: apt-get install "
        "chromium)."
    ),
    "NEWMAN": (
        "No Newman: the downloaded Postman collections were not run. ./patchbay test installs it "
        "where the npm registry can be reached."
    ),
}


def missing(tool: str) -> NoReturn:
    """Skip the test that needs this tool of `MISSING`, or fail it where the tool is required."""
    if os.environ.get(f"PATCHBAY_REQUIRE_{tool}") == "1":
        pytest.fail(MISSING[tool], pytrace=False)
    pytest.skip(MISSING[tool])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    for sentence in MISSING.values():
        if any(sentence in text for text in skipped):
            terminalreporter.write_line(sentence, yellow=True, bold=True)
