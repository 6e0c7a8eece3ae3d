from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import AuditEntry, Site, User
from tests.factories import ApiKeyFactory, SiteFactory
from tests.webhooks.outbound.subscribing import ACTOR, ENGAGE_KEY, URL, saved
from webhooks.inbound.models import Source
from webhooks.inbound.sources.services import source_create
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.services import subscription_pause
from webhooks.outbound.subscriptions.state import subscription_disable_by_policy

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + "A" * 43 + "="
OTHER = "whsec_" + "B" * 43 + "="
ENVIRONMENT = {
    "PATCHBAY_BRAND_CRM_SIGNING_SECRETS_1": OTHER,
    "PATCHBAY_BRAND_SHOP_SIGNING": SECRET,
    "PATCHBAY_BRAND_SHOP_ENCRYPTION": ENGAGE_KEY,
    "PATCHBAY_BRAND_SHOP_HEADER_X_KEY": "canary-header",
    "PATCHBAY_BRAND_PLAIN_USER": "eva",
    "PATCHBAY_BRAND_PLAIN_PASSWORD": "canary-password",
}


@pytest.fixture
def brand() -> Site:
    site = SiteFactory.create(slug="brand", name="Brand")
    source = Source(
        site=site, preset_key="generic_json", name="CRM",
        settings={"verification": "standard_webhooks", "email_pointer": "/email"},
    )  # fmt: skip
    source_create(source=source, actor=ACTOR, secrets={"signing_secrets": [OTHER]})
    saved(
        site, name="Shop", format_key="engage", format_settings={"tenant": "yes"},
        encryption="engage", event_types=["contact.*", "loyalty.addPoints"],
        conditions=[{"pointer": "/countryCode", "operator": "in", "value": ["SE", "NO"]}],
        retry_schedule=[0, 60], retry_rules={"4xx": "stop", "429": "retry"}, timeout_seconds=5,
        source_key=source.public_id, headers={"X-Key": "canary-header"},
        secrets={"signing": SECRET, "encryption": ENGAGE_KEY},
    )  # fmt: skip
    plain = saved(
        site, name="Plain", format_key="ongage_batch", format_settings={"list_id": "9"},
        signing="basic", secrets={"user": "eva", "password": "canary-password"},
        batch_size=500, batch_seconds=60,
    )  # fmt: skip
    subscription_pause(subscription=plain, actor=ACTOR)
    return site


def apply(file: str, environment: Mapping[str, str] = ENVIRONMENT, **options: bool) -> Applied:
    return configuration_apply(
        files=[file.encode()], environment=environment, actor=Actor.system("test"), **options
    )


def document(*subscriptions: Any) -> str:
    site = {"slug": "brand", "name": "Brand"}
    return yaml.safe_dump({"version": 1, "site": site, "subscriptions": list(subscriptions)})


def problems_of(*subscriptions: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        apply(document(*subscriptions))
    return caught.value.problems


def test_export_applied_to_an_empty_database_gives_the_same_export(brand: Site) -> None:
    exported = configuration_export(site=brand)
    ids = set(Subscription.objects.values_list("public_id", flat=True))
    Site.objects.all().delete()
    User.objects.all().delete()

    apply(exported)

    assert configuration_export(site=Site.objects.get()) == exported
    assert set(Subscription.objects.values_list("public_id", flat=True)) == ids
    shop, plain = (Subscription.objects.get(name=name) for name in ("Shop", "Plain"))
    assert shop.secrets == {"signing": SECRET, "encryption": ENGAGE_KEY}
    assert shop.headers == {"X-Key": "canary-header"}
    assert plain.state == SubscriptionState.PAUSED


def test_second_apply_changes_nothing(brand: Site) -> None:
    entries = AuditEntry.objects.count()
    assert apply(configuration_export(site=brand)).changes == ()
    assert AuditEntry.objects.count() == entries
    assert not Subscription.objects.exclude(previous_until=None).exists()


def test_no_secret_is_written_out(brand: Site) -> None:
    exported = configuration_export(site=brand)
    for name, secret in ENVIRONMENT.items():
        assert f"$env: {name}" in exported
        assert secret == "eva" or secret not in exported


def test_new_secret_in_the_environment_rotates(brand: Site) -> None:
    apply(configuration_export(site=brand), ENVIRONMENT | {"PATCHBAY_BRAND_SHOP_SIGNING": OTHER})
    shop = Subscription.objects.get(name="Shop")
    assert (shop.secrets["signing"], shop.secrets["previous_signing"]) == (OTHER, SECRET)
    assert shop.previous_until is not None


def test_state_follows_the_file_but_for_a_policy(brand: Site) -> None:
    apply(document({"name": "Plain", "active": True}, {"name": "Shop", "active": False}))
    states = dict(Subscription.objects.values_list("name", "state"))
    assert states == {"Plain": "active", "Shop": "paused"}
    plain = Subscription.objects.get(name="Plain")
    subscription_disable_by_policy(subscription=plain, reason="It answered 410.")
    apply(document({"name": "Plain", "active": True}))
    assert Subscription.objects.get(name="Plain").state == SubscriptionState.DISABLED


def test_new_one_gets_what_its_format_usually_has(brand: Site) -> None:
    apply(document({"name": "New", "url": URL, "format": "cloudevents"}))
    new = Subscription.objects.get(name="New")
    assert (new.signing, new.state) == ("standard_webhooks", "active")
    assert new.secrets["signing"].startswith("whsec_")


def test_system_that_does_not_travel_is_left_out_and_kept(brand: Site) -> None:
    key = ApiKeyFactory.create(site=brand)
    Subscription.objects.filter(name="Plain").update(source_key=key.key_id)
    exported = configuration_export(site=brand)
    assert key.key_id not in exported
    apply(exported)
    assert Subscription.objects.get(name="Plain").source_key == key.key_id


def test_unlisted_ones_go_only_when_pruning(brand: Site) -> None:
    file = document({"name": "Shop"})
    assert "subscription Plain" in apply(file).unlisted
    assert Subscription.objects.count() == 2
    apply(file, prune=True)
    assert Subscription.objects.get().name == "Shop"


def test_problems_name_their_place(brand: Site) -> None:
    shop = Subscription.objects.get(name="Shop")
    lines = problems_of(
        {"name": "Shop", "public_id": "sub_" + "x" * 22},
        {"name": "A", "url": URL, "format": "nothing"},
        {"name": "B", "url": "ftp://x", "format": "engage"},
        {"name": "C", "url": URL, "format": "cloudevents", "secrets": {"signing": "canary-text"}},
        {"name": "D", "url": URL, "format": "cloudevents", "public_id": shop.public_id},
        {"name": "E", "url": URL, "format": "cloudevents", "public_id": "guess"},
        {"name": "F", "url": URL, "format": "cloudevents", "retry_schedule": "0, 5"},
        {"name": "G", "url": URL, "format": "cloudevents", "timeout_seconds": True},
        {"name": "H", "url": URL, "format": "cloudevents", "colour": "red"},
        {"name": "I", "url": URL, "format": "cloudevents",
         "secrets": {"other": {"$env": "PATCHBAY_BRAND_SHOP_SIGNING"}}},
        {"name": "J", "url": URL, "format": "cloudevents", "headers": {"X": ["a"]}},
    )  # fmt: skip
    places = {line.split(": ")[0] for line in lines}
    assert places == {
        "subscriptions[0].public_id", "subscriptions[1].format", "subscriptions[2].url",
        "subscriptions[2].format_settings.tenant", "subscriptions[3].secrets.signing",
        "subscriptions[4].public_id", "subscriptions[5].public_id",
        "subscriptions[6].retry_schedule", "subscriptions[7].timeout_seconds",
        "subscriptions[8].colour", "subscriptions[9].secrets.other", "subscriptions[10].headers.X",
    }  # fmt: skip
    assert "canary" not in "\n".join(lines)
