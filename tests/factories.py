"""Rows for tests: valid, minimal, and distinct from each other.

Call `.create(...)`, which is typed; the bare call does the same and is not.
"""

from __future__ import annotations

from functools import lru_cache

from django.contrib.auth.hashers import make_password
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from integrations.models import GenericApi
from sites.api_keys.services import secret_hash
from sites.models import ApiKey, Membership, Role, Scope, Site, User
from webhooks.models import Source

PASSWORD = "correct horse battery staple"
API_KEY_SECRET = "SecretOfEveryKeyThatTestsMake00000000000"


@lru_cache(maxsize=1)
def password_hash() -> str:
    """Return the hash of `PASSWORD`, computed once: Argon2 is slow on purpose."""
    return make_password(PASSWORD)


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    name = Sequence(lambda number: f"Brand {number}")
    slug = Sequence(lambda number: f"brand-{number}")
    default_country = "SE"


class UserFactory(DjangoModelFactory[User]):
    """A member of staff without any role; logs in with `PASSWORD`."""

    class Meta:
        model = User

    username = Sequence(lambda number: f"user{number}")
    email = LazyAttribute(lambda user: f"{user.username}@example.com")
    password = LazyFunction(password_hash)
    is_staff = True


class SuperuserFactory(UserFactory):
    is_superuser = True


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    site = SubFactory(SiteFactory)
    user = SubFactory(UserFactory)
    role = Role.VIEWER


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key with the secret `API_KEY_SECRET` and every scope."""

    class Meta:
        model = ApiKey

    site = SubFactory(SiteFactory)
    name = Sequence(lambda number: f"Key {number}")
    secret_hash = secret_hash(API_KEY_SECRET)
    scopes = LazyFunction(lambda: list(Scope.values))


class SourceFactory(DjangoModelFactory[Source]):
    """A source as the database holds it; `settings` and `secrets` are not checked by the preset."""

    class Meta:
        model = Source

    site = SubFactory(SiteFactory)
    preset_key = "generic_json"
    name = Sequence(lambda number: f"Source {number}")
    settings = LazyFunction(dict)
    secrets = LazyFunction(dict)


class GenericApiFactory(DjangoModelFactory[GenericApi]):
    """A Generic API in the mode Header, with a secret and without URLs: neither on nor served."""

    class Meta:
        model = GenericApi

    site = SubFactory(SiteFactory)
    header_value = "an API secret for tests"
