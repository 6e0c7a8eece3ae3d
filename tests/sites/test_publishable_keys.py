"""Making, changing and revoking publishable keys, and the origins that they name."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from sites.audit import Actor
from sites.models import AuditEntry, ConfigurationVersion, PublishableKey, Site
from sites.publishable_keys.origins import MOST_ORIGINS, normalised_origins, origin_allowed
from sites.publishable_keys.services import (
    publishable_key_create,
    publishable_key_revoke,
    publishable_key_update,
)
from tests.factories import SiteFactory

ACTOR = Actor.system("tests")
SHOP = "https://shop.example.com"


def create(site: Site, **given: Any) -> PublishableKey:
    values: dict[str, Any] = {"name": "Web shop", "allowed_origins": [SHOP], "actor": ACTOR}
    return publishable_key_create(site=site, **values | given)


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    return entry


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ([SHOP, f" {SHOP}/ ", "HTTPS://Shop.Example.com:443", ""], [SHOP]),
        (["https://shop.example.com:8443"], ["https://shop.example.com:8443"]),
        (["https://blåbär.example"], ["https://xn--blbr-noae.example"]),
        (["https://*.Example.com"], ["https://*.example.com"]),
        (["http://localhost:5173", "http://127.0.0.1:80"],
         ["http://localhost:5173", "http://127.0.0.1"]),
        (["http://[0:0::1]:3000"], ["http://[::1]:3000"]),
        (["https://192.0.2.7"], ["https://192.0.2.7"]),
    ],
)  # fmt: skip
def test_origins_are_stored_as_browsers_send_them(given: list[str], stored: list[str]) -> None:
    assert normalised_origins(given) == stored


@pytest.mark.parametrize(
    "entry",
    [
        "null",
        "*",
        "shop.example.com",
        "ftp://shop.example.com",
        "file://",
        "https://",
        "https://:443",
        "https:///",
        "http://shop.example.com",
        "http://localhost.example.com",
        "http://*.localhost",
        "https://shop.example.com/cart",
        "https://shop.example.com//",
        "https://shop.example.com?x=1",
        "https://shop.example.com#top",
        "https://anna@shop.example.com",
        "https://shop.example.com\\.evil.example",
        "https://shop .example.com",
        "https://shop.example.com.",
        "https://shop..example.com",
        "https://-shop.example.com",
        "https://shop.example.com:",
        "https://shop.example.com:0",
        "https://shop.example.com:65536",
        "https://shop.example.com:٤٤٣",
        "https://*",
        "https://*.com",
        "https://*.2.7",
        "https://*.192.0.2.7",
        "https://**.example.com",
        "https://*.*.example.com",
        "https://shop.*.com",
        "https://shop*.example.com",
        "https://0x7f.1",
        "https://2130706433",
        "https://[::1",
        "https://[::1]x",
        "https://[fe80::1%eth0]",
        "https://[192.0.2.7]",
        "https://\ud800.example",
        "https://☃☃☃\u200b.example.com",
        f"https://{'a' * 64}.example.com",
        f"https://{'a.' * 140}com",
    ],
)
def test_what_is_no_origin_is_refused_with_a_sentence(entry: str) -> None:
    with pytest.raises(ValueError, match=r"^(At most|“)"):
        normalised_origins([entry])


def test_a_list_of_origins_has_an_end() -> None:
    many = [f"https://shop{number}.example.com" for number in range(MOST_ORIGINS + 1)]
    assert len(normalised_origins(many[1:])) == MOST_ORIGINS
    with pytest.raises(ValueError, match="100"):
        normalised_origins(many)


@pytest.mark.parametrize(
    "origin",
    [SHOP, "https://fr.example.org", "https://x-1.example.org", "http://localhost:5173"],
)
def test_an_origin_of_the_list_is_let_in(origin: str) -> None:
    allowed = [SHOP, "https://*.example.org", "http://localhost:5173"]
    assert origin_allowed(allowed, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://evil-shop.example.com",
        "https://example.org",
        "https://.example.org",
        "https://*.example.org",
        "https://a.b.example.org",
        "https://evil.example/.example.org",
        "https://evil.example:1.example.org",
        "https://user@.example.org",
        "https://fr.example.org:444",
        "https://fr.example.org\n",
        "http://fr.example.org",
        "https://",
    ],
)
def test_another_origin_is_not(origin: str) -> None:
    assert not origin_allowed([SHOP, "https://*.example.org"], origin)


def test_a_list_without_entries_lets_no_origin_in() -> None:
    assert not origin_allowed([], SHOP)
    assert not origin_allowed([], "")


@pytest.mark.django_db
def test_a_key_is_made_and_the_audit_names_it(site: Site) -> None:
    key = create(site, name=" Web  shop ", allowed_origins=[f"{SHOP}/"])
    stored = PublishableKey.objects.get()
    assert stored.key.startswith("pk_")
    assert len(stored.key) == 35
    assert (stored.name, stored.allowed_origins, stored.allows_apps) == ("Web shop", [SHOP], False)
    assert create(site, name="Other").key != key.key
    entry = AuditEntry.objects.order_by("pk")[0]
    assert (entry.action, entry.site) == ("publishable_key.created", site)
    # It is public: the log may show the whole of it.
    assert entry.changes["key"] == [None, key.key]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"allowed_origins": []}, "allowed_origins"),
        ({"allowed_origins": [" "]}, "allowed_origins"),
        ({"allowed_origins": ["null"], "allows_apps": True}, "allowed_origins"),
    ],
)
def test_what_is_wrong_is_said_by_field(site: Site, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        create(site, **given)
    assert set(caught.value.message_dict) == {field}
    assert not PublishableKey.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_mobile_apps_alone_are_enough(site: Site) -> None:
    assert create(site, allowed_origins=[], allows_apps=True).allowed_origins == []


@pytest.mark.django_db
def test_a_name_is_unique_on_its_site(site: Site) -> None:
    publishable_key_revoke(key=create(site), actor=ACTOR)
    with pytest.raises(ValidationError) as caught:
        create(site)
    assert set(caught.value.message_dict) == {"name"}
    create(SiteFactory.create())


@pytest.mark.django_db
def test_an_update_stores_and_notes_only_what_differs(site: Site) -> None:
    key = create(site)
    was = key.key
    key.name, key.key = "Campaigns", "pk_chosen"
    publishable_key_update(key=key, actor=ACTOR)
    stored = PublishableKey.objects.get()
    assert (stored.name, stored.key) == ("Campaigns", was)
    assert last_entry().changes == {"name": ["Web shop", "Campaigns"]}
    before = AuditEntry.objects.count()
    publishable_key_update(key=stored, actor=ACTOR)
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_an_update_may_not_leave_a_key_that_nothing_can_use(site: Site) -> None:
    key = create(site)
    key.allowed_origins = []
    with pytest.raises(ValidationError) as caught:
        publishable_key_update(key=key, actor=ACTOR)
    assert set(caught.value.message_dict) == {"allowed_origins"}
    assert PublishableKey.objects.get().allowed_origins == [SHOP]


@pytest.mark.django_db
def test_revoking_is_final(site: Site) -> None:
    key = create(site)
    first = publishable_key_revoke(key=key, actor=ACTOR).revoked_at
    assert last_entry().action == "publishable_key.revoked"
    again = publishable_key_revoke(key=PublishableKey.objects.get(), actor=ACTOR)
    assert again.revoked_at == first
    assert AuditEntry.objects.filter(action="publishable_key.revoked").count() == 1
    key.name, key.revoked_at = "Back again", None
    with pytest.raises(ValidationError):
        publishable_key_update(key=key, actor=ACTOR)


@pytest.mark.django_db
def test_every_change_is_news_to_other_processes(site: Site) -> None:
    def version() -> int:
        return ConfigurationVersion.objects.get().value

    key = create(site)
    made = version()
    key.name = "Other"
    publishable_key_update(key=key, actor=ACTOR)
    changed = version()
    publishable_key_revoke(key=key, actor=ACTOR)
    assert made < changed < version()
