from __future__ import annotations

from collections.abc import Iterator

import pytest

from sites.models import Site
from tests.onsite.campaign import Campaign
from tests.onsite.retailer import Retailer, retailer_api, running_retailer


@pytest.fixture
def retailer() -> Iterator[Retailer]:
    with running_retailer() as running:
        yield running


@pytest.fixture
def campaign(site: Site, retailer: Retailer) -> Campaign:
    """A campaign of a site whose register is the retailer's API."""
    retailer_api(site, retailer)
    return Campaign(site)


@pytest.fixture
def own_campaign(site: Site) -> Campaign:
    """A campaign of a site without an API: Patchbay's contacts are the register."""
    return Campaign(site)
