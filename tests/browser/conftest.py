from __future__ import annotations

# The fixture of the process tests, made known to pytest by standing here.
from tests.processes.conftest import start_stack

__all__ = ["start_stack"]
