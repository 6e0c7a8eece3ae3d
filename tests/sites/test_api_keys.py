"""Making, changing and revoking keys: what is taken, what is stored, what the audit says."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from sites.api_keys.services import (
    CreatedKey,
    api_key_create,
    api_key_revoke,
    api_key_update,
    secret_hash,
)
from sites.audit import Actor
from sites.models import ApiKey, AuditEntry, ConfigurationVersion, Scope, Site
from tests.factories import ApiKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("tests")


def create(site: Site, **given: Any) -> CreatedKey:
    values: dict[str, Any] = {"name": "Web shop", "scopes": [Scope.ONSITE_WRITE], "actor": ACTOR}
    return api_key_create(site=site, **values | given)


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    return entry


def test_the_secret_is_handed_out_and_only_its_hash_kept(site: Site) -> None:
    created = create(site)
    assert len(created.secret) == 40
    stored = ApiKey.objects.get()
    assert stored.secret_hash == secret_hash(created.secret)
    assert create(site, name="Other").secret != created.secret


def test_the_secret_is_in_no_dump_audit_or_text(site: Site) -> None:
    created = create(site)
    api_key_update(key=created.key, actor=ACTOR)
    api_key_revoke(key=created.key, actor=ACTOR)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    assert created.key.key_id in dump.getvalue()
    assert created.secret not in dump.getvalue()
    assert created.secret not in repr(created) + str(created) + repr(created.key)


def test_the_audit_names_what_was_made_without_the_hash(site: Site) -> None:
    created = create(site, allowed_networks=["192.0.2.7"])
    entry = last_entry()
    assert (entry.action, entry.site, entry.object_label) == ("api_key.created", site, "Web shop")
    assert entry.changes["key_id"] == [None, created.key.key_id]
    assert entry.changes["allowed_networks"] == [None, ["192.0.2.7"]]
    assert created.key.secret_hash not in str(entry.changes)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": ["onsite:write", "Onsite:Write"]}, "scopes"),
        ({"allowed_networks": ["shop.example.com"]}, "allowed_networks"),
        ({"allowed_networks": ["192.0.2.0/33"]}, "allowed_networks"),
        ({"allowed_networks": [f"192.0.2.{n}" for n in range(101)]}, "allowed_networks"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_what_is_wrong_is_said_by_field(site: Site, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        create(site, **given)
    assert set(caught.value.message_dict) == {field}
    assert not ApiKey.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("entries", "stored"),
    [
        ([" 192.0.2.7 ", "192.0.2.7/32", ""], ["192.0.2.7"]),
        (["10.1.2.3/8"], ["10.0.0.0/8"]),
        (["2001:DB8:0::1", "2001:db8::/32"], ["2001:db8::1", "2001:db8::/32"]),
        (["::ffff:192.0.2.7", "::ffff:10.0.0.0/104"], ["192.0.2.7", "10.0.0.0/8"]),
    ],
)
def test_networks_are_stored_in_one_spelling(
    site: Site, entries: list[str], stored: list[str]
) -> None:
    assert create(site, allowed_networks=entries).key.allowed_networks == stored


def test_a_name_is_unique_on_its_site(site: Site) -> None:
    api_key_revoke(key=create(site).key, actor=ACTOR)
    with pytest.raises(ValidationError) as caught:
        create(site, name=" Web  shop ")
    assert set(caught.value.message_dict) == {"name"}
    create(SiteFactory.create())


def test_an_update_stores_and_notes_only_what_differs(site: Site) -> None:
    key = create(site).key
    key.name, key.secret_hash = "Campaigns", "0" * 64
    api_key_update(key=key, actor=ACTOR)
    stored = ApiKey.objects.get()
    assert stored.name == "Campaigns"
    assert stored.secret_hash != "0" * 64
    assert last_entry().changes == {"name": ["Web shop", "Campaigns"]}
    before = AuditEntry.objects.count()
    api_key_update(key=stored, actor=ACTOR)
    assert AuditEntry.objects.count() == before


def test_an_expired_key_can_be_renamed_and_prolonged(site: Site) -> None:
    key = ApiKeyFactory.create(site=site, expires_at=timezone.now() - timedelta(days=1))
    key.name = "Campaigns"
    api_key_update(key=key, actor=ACTOR)
    key.expires_at = timezone.now() - timedelta(hours=1)
    with pytest.raises(ValidationError):
        api_key_update(key=key, actor=ACTOR)
    key.expires_at = timezone.now() + timedelta(days=1)
    api_key_update(key=key, actor=ACTOR)
    assert ApiKey.objects.get().expires_at == key.expires_at


def test_revoking_is_final(site: Site) -> None:
    key = create(site).key
    first = api_key_revoke(key=key, actor=ACTOR).revoked_at
    assert last_entry().action == "api_key.revoked"
    assert api_key_revoke(key=ApiKey.objects.get(), actor=ACTOR).revoked_at == first
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1
    key.name, key.revoked_at = "Back again", None
    with pytest.raises(ValidationError):
        api_key_update(key=key, actor=ACTOR)
    assert ApiKey.objects.get().revoked_at == first


@pytest.mark.django_db(transaction=True)
def test_of_two_keys_with_one_name_made_at_once_one_is_refused() -> None:
    site = SiteFactory.create()
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def make() -> None:
        together.wait(timeout=120)
        try:
            create(site)
            outcomes.append("made")
        except ValidationError as error:
            outcomes.append(", ".join(error.message_dict))
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    assert sorted(outcomes) == ["made", "name"]
    assert AuditEntry.objects.count() == 1


def test_what_changes_a_key_reaches_whoever_keeps_keys_in_memory(site: Site) -> None:
    def version() -> int:
        return ConfigurationVersion.objects.get_or_create(pk=1)[0].value

    before = version()
    key = create(site).key
    assert version() == before + 1
    key.scopes = [Scope.CONTACTS_READ]
    api_key_update(key=key, actor=ACTOR)
    assert version() == before + 2
    api_key_update(key=key, actor=ACTOR)
    assert version() == before + 2
    api_key_revoke(key=key, actor=ACTOR)
    assert version() == before + 3
    api_key_revoke(key=key, actor=ACTOR)
    assert version() == before + 3
