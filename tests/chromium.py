"""The system's Chromium for pytest-playwright's `page` and `browser` fixtures."""

from __future__ import annotations

import shutil
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from tests.outside_tools import missing

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# As long as an action may take. Five seconds are little on a machine that is busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing("BROWSER")
    return {"executable_path": path, "args": list(ARGUMENTS), "headless": True}
