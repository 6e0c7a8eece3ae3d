from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from sites.api_keys import credentials
from tests.api.installation import Installation
from tests.factories import SiteFactory
from tests.webhooks.conftest import _fresh_reception
from webhooks.inbound.reception.throttle import throttle

__all__ = ["_fresh_reception"]


@pytest.fixture
def installation(transactional_db: None, settings: Settings) -> Installation:
    """An installation without limits of rate."""
    settings.API_THROTTLE_PER_KEY = 0
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 0
    settings.APP_THROTTLE_PER_ADDRESS = settings.APP_THROTTLE_PER_KEY = 0
    settings.CUSTOM_EVENTS_PER_MINUTE = 1_000_000
    settings.OUTBOUND_ALLOWED_PORTS = [range(443, 444), range(1024, 65536)]
    return Installation(SiteFactory.create(default_country="ES"))


def forget_failures() -> None:
    """Let the next good key in at once, whatever keys were tried before."""
    credentials.throttle.forget()
    throttle.forget()
