from __future__ import annotations

from typing import Any

import pytest
import yaml

from config.configuration.applying import configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import Membership, Site
from tests.factories import CustomIntegrationFactory, MembershipFactory
from tests.webhooks.outbound.send_events import FIELDS, send_event
from tests.webhooks.publishing import subscribe
from webhooks.models import SendEvent
from webhooks.outbound.send_events.catalogue import send_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(site: Site) -> SendEvent:
    return send_event(site, integration=CustomIntegrationFactory.create(site=site, name="ERP"))


def apply(document: Any, **options: bool) -> Any:
    return configuration_apply(
        files=[yaml.safe_dump(document).encode()], environment={}, actor=Actor.system("tests"),
        **options,
    )  # fmt: skip


def exported(site: Site) -> Any:
    return yaml.safe_load(configuration_export(site=site))


def problems_of(document: Any, **options: bool) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        apply(document, **options)
    return caught.value.problems


def test_what_is_exported_changes_nothing_where_it_came_from(site: Site, event: SendEvent) -> None:
    assert apply(exported(site)).changes == ()


def test_deleted_event_comes_back_with_its_id(site: Site, event: SendEvent) -> None:
    document = exported(site)
    event.delete()
    apply(document)
    back = SendEvent.objects.get()
    assert (back.event_id, back.fields) == (event.event_id, event.fields)


def test_event_listed_elsewhere_moves_and_keeps_what_is_absent(
    site: Site, event: SendEvent
) -> None:
    CustomIntegrationFactory.create(site=site, name="Tills")
    document = exported(site)
    erp, tills = document["custom_integrations"]
    erp["send_events"], tills["send_events"] = [], [{"name": event.name}]
    apply(document)
    event.refresh_from_db()
    assert event.integration.name == "Tills"
    assert len(event.fields) == len(FIELDS)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"event_id": "f" * 24}, "send_events[0].event_id"),
        ({"colour": "pink"}, "send_events[0].colour"),
        ({"fields": [{"name": "x", "type": "money"}]}, "send_events[0].fields[0].type"),
        ({"fields": ["code"]}, "send_events[0].fields[0]"),
        ({"fields": [{"name": "x", "type": "phone"}]},
         "send_events[0].fields[0].default_country_code"),
    ],
)  # fmt: skip
def test_each_problem_has_its_place(
    site: Site, event: SendEvent, change: dict[str, Any], place: str
) -> None:
    document = exported(site)
    document["custom_integrations"][0]["send_events"][0] |= change
    assert any(place in line.partition(": ")[0] for line in problems_of(document))


def test_unlisted_event_goes_only_when_asked_and_when_nobody_names_it(
    site: Site, event: SendEvent
) -> None:
    document = exported(site)
    document["custom_integrations"][0]["send_events"] = []
    assert apply(document).unlisted == (f"send event {event.name}",)
    subscription = subscribe(site, send_type(event), name="Warehouse", signing="none")
    without = exported(site)
    without["custom_integrations"][0]["send_events"] = []
    assert any("“Warehouse” asked" in line for line in problems_of(without, prune=True))
    without["subscriptions"] = []
    apply(without, prune=True)
    assert not SendEvent.objects.exists()
    assert not type(subscription).objects.exists()


def test_members_carry_whether_they_are_told_of_trouble(site: Site) -> None:
    membership = MembershipFactory.create(site=site, wants_trouble_mail=True)
    document = exported(site)
    assert document["members"][0]["delivery_trouble_mail"] is True
    document["members"][0]["delivery_trouble_mail"] = False
    apply(document)
    assert not Membership.objects.get(pk=membership.pk).wants_trouble_mail
