from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings

from sites.models import Role, Site, User
from tests.chromium import browser_type_launch_args
from tests.factories import MembershipFactory, SiteFactory, SuperuserFactory
from tests.newman.running import run_newman
from tests.outside_tools import pytest_terminal_summary

# Defined in a module of their own, made known to pytest by standing here.
__all__ = ["browser_type_launch_args", "pytest_terminal_summary", "run_newman"]

MakeMember = Callable[..., User]

# How long an example takes says something about the machine, and nothing about the code.
settings.register_profile("patchbay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patchbay")


@pytest.fixture
def site(db: None) -> Site:
    return SiteFactory.create()


@pytest.fixture
def superuser(db: None) -> User:
    return SuperuserFactory.create()


@pytest.fixture
def member(site: Site) -> MakeMember:
    """Make a user with a role on `site`, or on the site that is passed: `member(Role.SUPPORT)`."""

    def make(role: Role, on: Site = site) -> User:
        return MembershipFactory.create(site=on, role=role).user

    return make


def logged_in_as(role: Role) -> Callable[..., Client]:
    """Return a fixture: `client`, after somebody with the role on `site` logged in."""

    @pytest.fixture
    def client_of(client: Client, member: MakeMember) -> Client:
        client.force_login(member(role))
        return client

    return client_of


viewer = logged_in_as(Role.VIEWER)
support = logged_in_as(Role.SUPPORT)
operator = logged_in_as(Role.OPERATOR)
admin = logged_in_as(Role.ADMIN)
