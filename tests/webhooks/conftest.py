from __future__ import annotations

from collections.abc import Iterator

import pytest

from sites.api_keys import credentials, last_use, usage
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception import directory, rejections
from webhooks.inbound.reception.api_events import rate_window
from webhooks.inbound.reception.throttle import throttle


@pytest.fixture(autouse=True)
def _fresh_reception() -> Iterator[None]:
    """Each test meets a process that has received nothing; its thread leaves no connection."""
    _forget()
    yield
    journal_writer.stop()
    _forget()


def _forget() -> None:
    directory.invalidate()
    rejections.forget()
    throttle.forget()
    rate_window.forget()
    credentials.throttle.forget()
    usage.forget()
    last_use.forget()
