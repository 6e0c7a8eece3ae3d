"""Rows for tests: valid, minimal, and distinct from each other.

Call `.create(...)`, which is typed; the bare call does the same and is not.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth.hashers import make_password
from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    RelatedFactory,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory

from contacts.models import ConsentDefinition, ConsentText, ContactField
from integrations.models import CustomIntegration, GenericApi
from sites.api_keys.services import secret_hash
from sites.audit import Actor
from sites.models import ApiKey, Membership, PublishableKey, Role, Scope, Site, User
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.models import Context, ReceptionEvent, ReceptionField, Source

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


class PublishableKeyFactory(DjangoModelFactory[PublishableKey]):
    """A key of pages under https://shop.example.com."""

    class Meta:
        model = PublishableKey

    site = SubFactory(SiteFactory)
    name = Sequence(lambda number: f"Publishable key {number}")
    allowed_origins = LazyFunction(lambda: ["https://shop.example.com"])


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


class ConsentTextFactory(DjangoModelFactory[ConsentText]):
    """The first version of a consent's texts, published long ago."""

    class Meta:
        model = ConsentText

    version = 1
    texts = LazyFunction(lambda: {"en-GB": {"condition": "", "display": "I agree", "link": ""}})
    published_at = datetime(2020, 1, 1, tzinfo=UTC)


class ConsentDefinitionFactory(DjangoModelFactory[ConsentDefinition]):
    """A consent with one version of its texts; `text__texts` are other ones."""

    class Meta:
        model = ConsentDefinition
        skip_postgeneration_save = True

    site = SubFactory(SiteFactory)
    consent_id = Sequence(lambda number: f"consent-{number}")
    name = Sequence(lambda number: f"Consent {number}")
    text = RelatedFactory(ConsentTextFactory, factory_related_name="definition")


class ContactFieldFactory(DjangoModelFactory[ContactField]):
    """A text field, as the database holds it; nothing is checked by the service."""

    class Meta:
        model = ContactField

    site = SubFactory(SiteFactory)
    field_id = Sequence(lambda number: f"field-{number}")
    name = Sequence(lambda number: f"Contact field {number}")
    type = "text"


class CustomIntegrationFactory(DjangoModelFactory[CustomIntegration]):
    class Meta:
        model = CustomIntegration

    site = SubFactory(SiteFactory)
    name = Sequence(lambda number: f"Integration {number}")


def email_field() -> ReceptionField:
    return ReceptionField(field_id="email", name="E-mail", type="email", is_primary_key=True)


class ReceptionEventFactory(DjangoModelFactory[ReceptionEvent]):
    """An event stored by its service, with its source; `fields` default to the e-mail alone.

    Also takes what else the service does: `verification`, `secrets`, `active`,
    `throttle_per_second`.
    """

    class Meta:
        model = ReceptionEvent

    site = SubFactory(SiteFactory)
    integration = LazyAttribute(lambda event: CustomIntegrationFactory.create(site=event.site))
    context = Context.API
    name = Sequence(lambda number: f"Event {number}")
    alias = Sequence(lambda number: f"event-{number}")
    fields = LazyFunction(lambda: [email_field()])

    @classmethod
    def _create(
        cls, model_class: type[ReceptionEvent], *args: Any, **values: Any
    ) -> ReceptionEvent:
        own = ("site", "integration", "context", "name", "alias")
        event = model_class(**{name: values.pop(name) for name in own})
        return reception_event_save(event=event, actor=Actor.system("tests"), **values)
