"""Rows for tests: valid, minimal, and distinct from each other."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from sites.models import Membership, Role, Site, User
from webhooks.models import Source

PASSWORD = "correct horse battery staple"


@lru_cache(maxsize=1)
def password_hash() -> str:
    """Return the hash of `PASSWORD`, computed once: Argon2 is slow on purpose."""
    return make_password(PASSWORD)


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    name = factory.Sequence(lambda number: f"Brand {number}")
    slug = factory.Sequence(lambda number: f"brand-{number}")
    default_country = "SE"


class UserFactory(DjangoModelFactory[User]):
    """A member of staff without any role; logs in with `PASSWORD`."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"user{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.LazyFunction(password_hash)
    is_staff = True


class SuperuserFactory(UserFactory):
    is_superuser = True


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    site = factory.SubFactory(SiteFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.VIEWER


class SourceFactory(DjangoModelFactory[Source]):
    """A source as the database holds it; `settings` and `secrets` are not checked by the preset."""

    class Meta:
        model = Source

    site = factory.SubFactory(SiteFactory)
    preset_key = "generic_json"
    name = factory.Sequence(lambda number: f"Source {number}")
    settings: dict[str, Any] = factory.LazyFunction(dict)
    secrets: dict[str, Any] = factory.LazyFunction(dict)
