from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.processes.stack import LiveStack

StartStack = Callable[..., LiveStack]


@pytest.fixture
def start_stack(transactional_db: None, tmp_path: Path) -> Iterator[StartStack]:
    """Start the whole product: `start_stack("--demo", LOG_LEVEL="DEBUG")` adds an argument and a
    variable."""
    numbers = count(1)
    with ExitStack() as running:

        def start(*arguments: str, grace: float = 15.0, **environment: str) -> LiveStack:
            folder = tmp_path / f"stack{next(numbers)}"
            folder.mkdir()
            return running.enter_context(
                LiveStack(folder, *arguments, grace=grace, environment=environment)
            )

        yield start


@pytest.fixture
def live_stack(start_stack: StartStack) -> LiveStack:
    """Real web, worker and qcluster processes, ready, on this test's database."""
    return start_stack()
