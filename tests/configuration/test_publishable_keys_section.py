from __future__ import annotations

from typing import Any, Final

import pytest
import yaml
from django.utils import timezone

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import PublishableKey, Site
from tests.factories import PublishableKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
KEYS: Final[list[dict[str, Any]]] = [
    {"name": "no: “app”", "allowed_origins": [], "allows_apps": True},
    {
        "name": "shop",
        "allowed_origins": ["https://shop.example.com", "https://*.example.com"],
        "allows_apps": False,
    },
]


def document(keys: Any) -> bytes:
    content = {"version": 1, "site": {"slug": "brand"}, "publishable_keys": keys}
    return yaml.safe_dump(content, allow_unicode=True).encode()


def applied(keys: Any, **how: Any) -> Applied:
    return configuration_apply(files=[document(keys)], environment={}, actor=SYSTEM, **how)


def problems(keys: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        applied(keys)
    return caught.value.problems


@pytest.fixture(autouse=True)
def brand(db: None) -> Site:
    return SiteFactory.create(slug="brand")


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert len(applied(KEYS).changes) == 2
    assert not applied(KEYS).changes
    exported = configuration_export(site=brand)
    assert yaml.safe_load(exported)["publishable_keys"] == KEYS
    before = set(PublishableKey.objects.values_list("key", flat=True))
    assert not any(key in exported for key in before)
    PublishableKey.objects.all().delete()
    configuration_apply(files=[exported.encode()], environment={}, actor=SYSTEM)
    assert configuration_export(site=brand) == exported
    assert before.isdisjoint(PublishableKey.objects.values_list("key", flat=True))


def test_a_key_keeps_its_text_and_what_the_file_leaves_out() -> None:
    applied(KEYS)
    before = PublishableKey.objects.get(name="shop")
    applied([{"name": "shop", "allows_apps": True}])
    stored = PublishableKey.objects.get(name="shop")
    assert (stored.key, stored.allowed_origins) == (before.key, before.allowed_origins)
    assert stored.allows_apps


def test_what_is_not_listed_is_named_and_revoked_when_asked(brand: Site) -> None:
    applied(KEYS)
    PublishableKeyFactory.create(site=brand, name="ended", revoked_at=timezone.now())
    assert applied(KEYS[:1]).unlisted == ("publishable key shop",)
    assert PublishableKey.objects.filter(revoked_at=None).count() == 2
    assert len(applied(KEYS[:1], prune=True).changes) == 1
    assert PublishableKey.objects.get(name="shop").revoked_at is not None
    assert yaml.safe_load(configuration_export(site=brand))["publishable_keys"] == KEYS[:1]


def test_a_revoked_key_is_not_brought_back(brand: Site) -> None:
    PublishableKeyFactory.create(site=brand, name="shop", revoked_at=timezone.now())
    [problem] = problems(KEYS)
    assert problem.startswith("publishable_keys[1]: This key was revoked, and stays so.")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"allows_apps": True}, "publishable_keys[0].name: This is needed."),
        ({"name": "a", "key": "pk_1"}, "publishable_keys[0].key: There is no such key here."),
        ({"name": "a"}, "publishable_keys[0].allowed_origins: Name the origin of a page"),
        ({"name": "a", "allows_apps": "yes"}, "publishable_keys[0].allows_apps: This must be true"),
        ({"name": "a", "allowed_origins": [1]}, "publishable_keys[0].allowed_origins: This must"),
        ({"name": "a", "allowed_origins": "x"}, "publishable_keys[0].allowed_origins: This must"),
        ({"name": "a", "allowed_origins": ["http://x.example"]},
         "publishable_keys[0].allowed_origins: “http://x.example” is not encrypted"),
    ],
)  # fmt: skip
def test_problems_have_a_place(entry: dict[str, Any], expected: str) -> None:
    assert problems([entry])[0].startswith(expected)
    assert not PublishableKey.objects.exists()
