"""Two people who define events at the same moment, on real connections."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from integrations.custom_integrations.services import integration_delete
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from tests.factories import CustomIntegrationFactory, ReceptionEventFactory, SiteFactory
from tests.sites.test_races import at_once
from webhooks.models import ReceptionEvent, Source

pytestmark = pytest.mark.django_db(transaction=True)


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
    refused: list[ValidationError] = []

    def attempt(call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                call()
            except ValidationError as error:
                refused.append(error)

        return run

    at_once(
        attempt(lambda: integration_delete(integration=integration, actor=Actor.system("t"))),
        attempt(lambda: ReceptionEventFactory.create(site=site, integration=integration)),
    )

    assert len(refused) == 1
    assert CustomIntegration.objects.count() == ReceptionEvent.objects.count()
