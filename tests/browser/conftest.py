from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from sites.models import Role, Site
from tests.browser.console import Colours, OpenDesk, complaints_of, log_in
from tests.factories import MembershipFactory, SiteFactory

# The fixture of the process tests, made known to pytest by standing here.
from tests.processes.conftest import start_stack

__all__ = ["start_stack"]


@pytest.fixture
def shop(live_server: LiveServer) -> Site:
    return SiteFactory.create(name="Nordic Outdoor")


@pytest.fixture
def role() -> Role:
    return Role.OPERATOR


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer, shop: Site, role: Role) -> Iterator[OpenDesk]:
    """Open the console as a member of the shop, in a browser of its own, which must stay silent."""
    complaints: list[list[str]] = []
    with ExitStack() as opened:

        def start(width: int = 1280, colours: Colours = "light", **options: Any) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=colours, **options
            )
            opened.callback(context.close)
            page = context.new_page()
            complaints.append(complaints_of(page))
            user = MembershipFactory.create(site=shop, role=role).user
            log_in(page, live_server.url, user.username)
            return page

        yield start
    assert not any(complaints), complaints
