from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from contacts.contact_fields.services import contact_field_create
from contacts.models import ContactField
from integrations.models import CustomIntegration
from sites.audit import Actor
from sites.models import Site
from tests.factories import (
    CustomIntegrationFactory,
    ReceptionEventFactory,
    SiteFactory,
    email_field,
)
from tests.webhooks.custom_events import documented_event
from tests.webhooks.received import received_event
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.models import Context, ReceptionEvent, ReceptionField, Status

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")
TOKEN = "token-of-a-sender-of-24-bytes"
ENVIRONMENT = {"PATCHBAY_BRAND_WEBHOOK_TOKENS_1": TOKEN}


@pytest.fixture
def brand() -> Site:
    site: Site = SiteFactory.create(slug="brand")
    shop = ContactField(site=site, field_id="shop", name="Favourite: “shop”", type="radio",
                        options=[{"id": "no", "label": "Oslo"}])  # fmt: skip
    contact_field_create(field=shop, actor=SYSTEM)
    erp = CustomIntegrationFactory.create(site=site, name="ERP", colour="pink", description="A\nB")
    CustomIntegrationFactory.create(site=site, name="Empty")
    documented_event(site, integration=erp, alias="api", active=False, throttle_per_second=0)
    webhook = documented_event(
        site,
        Context.WEBHOOK,
        integration=erp,
        alias="webhook",
        verification={"verification": "token_header", "token_header": "X-Token"},
        secrets={"tokens": [TOKEN]},
    )
    field = ReceptionField(
        field_id="shop", name="Shop", type="radio", contact_field=shop, pointer="/a~1b/0",
        options=[{"id": "no", "label": "Oslo"}],
    )  # fmt: skip
    reception_event_save(event=webhook, fields=[*webhook.fields.all(), field], actor=SYSTEM)
    return site


def apply(file: str, environment: Mapping[str, str] = ENVIRONMENT, **options: bool) -> Applied:
    return configuration_apply(
        files=[file.encode()], environment=environment, actor=SYSTEM, **options
    )


def elsewhere(file: str) -> str:
    """Return the file as it would be for an installation that has nothing of it yet."""
    document = yaml.safe_load(file)
    document["site"] |= {"slug": "copy", "public_id": "6f1c0b0e-3c0f-4b8e-9a55-0a6c1f0f6f10"}
    events = [each for row in document["custom_integrations"] for each in row["events"]]
    for number, event in enumerate(events):
        event["event_id"] = f"{number:024x}"
    return yaml.safe_dump(document, sort_keys=False)


def section(file: str, key: str = "custom_integrations") -> Any:
    return yaml.safe_load(file)[key]


def with_event(site: Site, **event: Any) -> str:
    document = yaml.safe_load(configuration_export(site=site))
    integration = next(each for each in document["custom_integrations"] if each["events"])
    integration["events"][0] |= event
    return yaml.safe_dump(document)


def problems_of(file: str) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        apply(file)
    return caught.value.problems


def test_what_is_exported_changes_nothing_where_it_came_from(brand: Site) -> None:
    assert apply(configuration_export(site=brand)).changes == ()


def test_a_copy_is_the_same_down_to_its_ids(brand: Site) -> None:
    file = elsewhere(configuration_export(site=brand))
    environment = {key.replace("BRAND", "COPY"): value for key, value in ENVIRONMENT.items()}
    apply(file, environment | ENVIRONMENT)

    copy = Site.objects.get(slug="copy")
    exported = configuration_export(site=copy)
    renamed = exported.replace("PATCHBAY_COPY_", "PATCHBAY_BRAND_")
    assert section(renamed) == section(file)
    assert section(exported, "contact_fields") == section(file, "contact_fields")
    webhook = ReceptionEvent.objects.get(site=copy, alias="webhook")
    assert webhook.source.secrets == {"tokens": [TOKEN]}
    assert webhook.fields.get(field_id="shop").contact_field == copy.contact_fields.get()


def test_events_of_pages_and_apps_travel_with_and_without_a_primary_key(brand: Site) -> None:
    of_pages = CustomIntegrationFactory.create(site=brand, name="Pages")
    documented_event(brand, Context.APP, integration=of_pages, alias="signed-up")
    ReceptionEventFactory.create(
        site=brand, context=Context.APP, integration=of_pages, alias="visited", fields=[]
    )
    file = configuration_export(site=brand)
    assert apply(file).changes == ()
    file = elsewhere(file)
    for event in section(file)[2]["events"]:
        assert event["context"] == "app"
        assert "verification" not in event
    renamed = file.replace("event_id: '00", "event_id: 'ff")
    apply(renamed, ENVIRONMENT)
    assert (
        section(configuration_export(site=Site.objects.get(slug="copy")))[2]
        == (section(renamed)[2])
    )


def test_no_secret_is_in_the_file(brand: Site) -> None:
    assert TOKEN not in configuration_export(site=brand)


def test_an_event_moves_between_integrations(brand: Site) -> None:
    document = yaml.safe_load(configuration_export(site=brand))
    empty, erp = sorted(document["custom_integrations"], key=lambda each: len(each["events"]))
    empty["events"], erp["events"] = erp["events"], []
    before = set(ReceptionEvent.objects.values_list("pk", flat=True))
    assert apply(yaml.safe_dump(document)).unlisted == ()
    moved = CustomIntegration.objects.get(name="Empty").reception_events
    assert set(moved.values_list("pk", flat=True)) == before


def test_what_is_not_listed_is_named_and_goes_when_pruned(brand: Site) -> None:
    used = ReceptionEvent.objects.get(alias="webhook")
    received_event(used.source, Status.PROCESSED)
    document = yaml.safe_load(configuration_export(site=brand))
    document["custom_integrations"] = []
    file = yaml.safe_dump(document)
    assert set(apply(file).unlisted) == {
        "reception event api",
        "reception event webhook",
        "custom integration ERP",
        "custom integration Empty",
    }
    apply(file, prune=True)
    assert not CustomIntegration.objects.exists()
    assert ReceptionEvent.objects.get().deleted_at is not None


def test_a_contact_field_in_use_is_not_pruned(brand: Site) -> None:
    document = yaml.safe_load(configuration_export(site=brand))
    document["contact_fields"] = []
    file = yaml.safe_dump(document)
    assert apply(file).unlisted == ("contact field shop",)
    with pytest.raises(ConfigurationInvalid, match="in use"):
        apply(file, prune=True)


def test_fields_without_ids_get_them_and_absent_keys_stay(brand: Site) -> None:
    mail = {"name": "Mail", "type": "email", "primary_key": True}
    apply(with_event(brand, fields=[mail]))
    event = ReceptionEvent.objects.get(alias="api")
    assert [field.field_id for field in event.fields.all()] == ["field-1"]
    assert not event.source.is_active


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"context": "webhook"}, "events[0].context"),
        ({"event_id": "f" * 24}, "events[0].event_id"),
        ({"active": "yes"}, "events[0].active"),
        ({"colour": "pink"}, "events[0].colour"),
        ({"fields": []}, "events[0].fields"),
        ({"fields": [{"name": "x", "type": "text", "primary_key": True}]},
         "events[0].fields[0].primary_key"),
        ({"fields": [{"name": "x", "type": "text", "target": "field:none"}]},
         "events[0].fields[0].target"),
        ({"fields": [{"name": "x", "type": "text", "target": "none"}]},
         "events[0].fields[0].target"),
        ({"fields": ["email"]}, "events[0].fields[0]"),
    ],
)  # fmt: skip
def test_each_problem_has_its_place(brand: Site, event: dict[str, Any], problem: str) -> None:
    assert any(
        problem in line.partition(": ")[0] for line in problems_of(with_event(brand, **event))
    )


def test_the_settings_of_a_check_have_their_places(brand: Site) -> None:
    document = yaml.safe_load(configuration_export(site=brand))
    integration = next(each for each in document["custom_integrations"] if each["events"])
    integration["events"][1]["verification"] = {"verification": "basic", "basic_username": "a:b"}
    integration["events"][1]["secrets"] = {"tokens": ["in the file"]}
    (line, *_) = problems_of(yaml.safe_dump(document))
    assert line.startswith("custom_integrations[0].events[1].secrets.tokens")
    integration["events"][1]["secrets"] = {}
    lines = problems_of(yaml.safe_dump(document))
    assert any(".events[1].verification.basic_username: " in line for line in lines)


def test_an_event_is_listed_once(brand: Site) -> None:
    document = yaml.safe_load(configuration_export(site=brand))
    empty, erp = sorted(document["custom_integrations"], key=lambda each: len(each["events"]))
    empty["events"] = [dict(erp["events"][0], fields=[])]
    assert any("listed twice" in line for line in problems_of(yaml.safe_dump(document)))


def test_a_new_event_takes_the_id_of_the_file(brand: Site) -> None:
    event = ReceptionEvent(site=brand, alias="x", name="X", context="api",
                           integration=CustomIntegration.objects.get(name="ERP"))  # fmt: skip
    reception_event_save(event=event, fields=[email_field()], actor=SYSTEM)
    file = configuration_export(site=brand)
    ReceptionEvent.objects.filter(pk=event.pk).delete()
    apply(file)
    assert ReceptionEvent.objects.get(alias="x").event_id == event.event_id
