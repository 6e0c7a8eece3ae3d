from __future__ import annotations

from collections.abc import Iterator

import pytest

from sites.api_keys import credentials, last_use, usage
from sites.models import ApiKey, Site
from sites.publishable_keys import last_use as publishable_last_use
from tests.factories import ApiKeyFactory, SiteFactory
from tests.processes.conftest import start_stack
from tests.webhooks.custom_events import documented_event
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception import directory, rejections
from webhooks.inbound.reception.api_events import rate_window
from webhooks.inbound.reception.throttle import throttle
from webhooks.models import ReceptionEvent

# The fixture of the process tests, made known to pytest by standing here.
__all__ = ["start_stack"]


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
    publishable_last_use.forget()


@pytest.fixture
def site(db: None) -> Site:
    """A site in Spain, as the documented custom events are from there."""
    return SiteFactory.create(default_country="ES")


@pytest.fixture
def key(site: Site) -> ApiKey:
    """A key of the site with every scope."""
    return ApiKeyFactory.create(site=site)


@pytest.fixture
def event(site: Site) -> ReceptionEvent:
    """The documented event of the Public API."""
    return documented_event(site)
