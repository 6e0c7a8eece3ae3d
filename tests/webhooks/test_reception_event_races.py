"""Two people who define events at the same moment, on real connections."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from contacts.contact_fields.services import contact_field_update
from contacts.models import ContactField
from integrations.custom_integrations.services import integration_delete
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from tests.factories import (
    ContactFieldFactory,
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SiteFactory,
    email_field,
)
from tests.sites.test_races import at_once
from webhooks.models import ReceptionEvent, ReceptionField, Source

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = Actor.system("t")


def refusals_of(*calls: Callable[[], object]) -> list[ValidationError]:
    """Make the calls at the same moment; return how those that were refused were."""
    refused: list[ValidationError] = []

    def attempt(call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                call()
            except ValidationError as error:
                refused.append(error)

        return run

    at_once(*map(attempt, calls))
    return refused


def test_of_two_events_with_one_alias_one_is_stored_and_one_is_told() -> None:
    site: Site = SiteFactory.create()
    groups = CustomIntegrationFactory.create_batch(4, site=site)
    told: list[dict[str, list[str]]] = []

    def defining(integration: CustomIntegration) -> Callable[[], None]:
        def call() -> None:
            try:
                ReceptionEventFactory.create(
                    site=site, integration=integration, alias="order", name="Order"
                )
            except ValidationError as error:
                told.append(error.message_dict)

        return call

    at_once(*(defining(integration) for integration in groups))

    assert ReceptionEvent.objects.count() == Source.objects.count() == 1
    assert told == [{"alias": ["Another event of this site has this alias. Choose another."]}] * 3


def test_events_of_one_name_are_all_stored() -> None:
    site: Site = SiteFactory.create()
    groups = CustomIntegrationFactory.create_batch(3, site=site)
    failed: list[Exception] = []

    def defining(integration: CustomIntegration) -> Callable[[], None]:
        def call() -> None:
            try:
                ReceptionEventFactory.create(site=site, integration=integration, name="Order")
            except Exception as error:
                failed.append(error)

        return call

    at_once(*(defining(integration) for integration in groups))

    assert failed == []
    assert set(Source.objects.values_list("name", flat=True)) == {
        "Order",
        "Order (2)",
        "Order (3)",
    }


def test_an_integration_goes_or_gets_an_event_never_both() -> None:
    site: Site = SiteFactory.create()
    integration = CustomIntegrationFactory.create(site=site)

    refused = refusals_of(
        lambda: integration_delete(integration=integration, actor=ACTOR),
        lambda: ReceptionEventFactory.create(site=site, integration=integration),
    )

    assert len(refused) == 1
    assert CustomIntegration.objects.count() == ReceptionEvent.objects.count()


def test_an_option_goes_or_is_written_to_never_both() -> None:
    site: Site = SiteFactory.create()
    gold, silver = ({"id": name, "label": name.title()} for name in ("gold", "silver"))
    tier = ContactFieldFactory.create(site=site, type="radio", options=[gold, silver])
    level = ReceptionField(
        field_id="level", name="Level", type="radio", options=[gold], contact_field=tier
    )
    changed = ContactField.objects.get()
    changed.options = [silver]

    refused = refusals_of(
        lambda: contact_field_update(field=changed, actor=ACTOR),
        lambda: ReceptionEventFactory.create(site=site, fields=[email_field(), level]),
    )

    assert len(refused) == 1
    tier.refresh_from_db()
    assert (gold in tier.options) == ReceptionEvent.objects.exists()
