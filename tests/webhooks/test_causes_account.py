"""What staff change becomes events of the account."""

from __future__ import annotations

import jsonschema
import pytest

from integrations.custom_integrations.services import integration_delete, integration_save
from integrations.models import CustomIntegration
from sites.audit import Actor, audit_record
from sites.models import Site
from tests.factories import CustomIntegrationFactory, ReceptionEventFactory, SourceFactory
from tests.webhooks.publishing import stored, subscribe, told
from webhooks.inbound.sources.deletion import source_delete
from webhooks.inbound.sources.services import source_set_active, source_update
from webhooks.models import Source
from webhooks.outbound.event_types import event_type_named

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("anna")
UNSIGNED = {"verification": "none", "unsigned_reason": "A test.", "email_pointer": "/email"}


@pytest.fixture
def source(site: Site) -> Source:
    return SourceFactory.create(site=site, settings=UNSIGNED)


def test_the_life_of_a_source(site: Site, source: Source) -> None:
    everything = subscribe(site)
    source.name = "Till"
    source_update(source=source, actor=ACTOR)
    source_set_active(source=source, active=False, actor=ACTOR)
    source.is_active = True
    source_update(source=source, actor=ACTOR)
    source_delete(source=source, actor=ACTOR)
    assert told(everything) == [
        "account.source.updated",
        "account.source.deactivated",
        "account.source.activated",
        "account.source.deleted",
    ]
    for name, payload in stored(site):
        known = event_type_named(site, name)
        assert known is not None
        jsonschema.validate(payload, known.schema)
    _, updated = stored(site)[0]
    assert updated["id"] == source.public_id
    assert (updated["object"], updated["name"], updated["actor"]) == ("source", "Till", "anna")
    assert (updated["action"], updated["changedFields"][0]) == ("source.updated", "name")


def test_integrations_and_reception_events(site: Site) -> None:
    everything = subscribe(site)
    integration = integration_save(
        integration=CustomIntegration(site=site, name="Shop"), actor=ACTOR
    )
    integration_delete(integration=integration, actor=ACTOR)
    kept = CustomIntegrationFactory.create(site=site)
    event = ReceptionEventFactory.create(site=site, integration=kept)
    assert told(everything) == [
        "account.integration.created",
        "account.integration.deleted",
        "account.reception_event.created",
    ]
    assert stored(site)[-1][1]["id"] == event.event_id


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("created", "created"),
        ("paused", "deactivated"),
        ("disabled", "deactivated"),
        ("resumed", "activated"),
        ("enabled", "activated"),
        ("secret_rotated", "updated"),
        ("deleted", "deleted"),
    ],
)
def test_a_subscription_is_not_told_of_itself(site: Site, word: str, verb: str) -> None:
    itself, other = subscribe(site), subscribe(site)
    audit_record(actor=ACTOR, action=f"subscription.{word}", site=site, target=itself)
    assert told(itself) == []
    assert told(other) == [f"account.subscription.{verb}"]


def test_looking_and_what_the_catalogue_does_not_know_are_no_events(
    site: Site, source: Source
) -> None:
    everything = subscribe(site)
    for action in ("source.revealed", "site.updated", "replay.started"):
        audit_record(actor=ACTOR, action=action, site=site, target=source)
    audit_record(actor=ACTOR, action="source.updated", site=None, target=source)
    audit_record(actor=ACTOR, action="source.updated", site=site, target=None)
    assert told(everything) == []
