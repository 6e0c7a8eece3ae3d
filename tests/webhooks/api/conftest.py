from __future__ import annotations

import pytest

from sites.models import Site
from tests.contacts.contact_client import ContactClient as Client
from webhooks.api.subscription_actions import test_throttle
from webhooks.outbound.portal.guarding import throttle


@pytest.fixture
def api(site: Site) -> Client:
    """Calls the API with a key of every scope."""
    return Client(site)


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    test_throttle.forget()
    throttle.forget()
