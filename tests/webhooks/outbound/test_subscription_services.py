from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from sites.models import AuditEntry, ConfigurationVersion, Site
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.outbound.subscribing import ACTOR, ENGAGE_KEY, URL, saved, unsaved
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.services import (
    secret_overlap_end,
    secret_rotate,
    subscription_pause,
    subscription_save,
)

pytestmark = pytest.mark.django_db


def reloaded(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


def changed(subscription: Subscription, **fields: Any) -> Subscription:
    """Save the subscription with these fields; return it as stored."""
    own = {name: fields.pop(name) for name in ("secrets", "headers") if name in fields}
    row = reloaded(subscription)
    for name, value in fields.items():
        setattr(row, name, value)
    subscription_save(subscription=row, actor=ACTOR, **own)
    return reloaded(subscription)


def errors_of(subscription: Subscription, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        subscription_save(subscription=subscription, actor=ACTOR, **given)
    return caught.value.message_dict


def last_audit() -> AuditEntry:
    return AuditEntry.objects.order_by("-pk")[0]


# -- creating --------------------------------------------------------------------------------------


def test_new_subscription_gets_a_secret_that_is_returned_once(site: Site) -> None:
    subscription = unsaved(site)
    made = subscription_save(subscription=subscription, actor=ACTOR)
    assert made.startswith("whsec_")
    assert reloaded(subscription).secrets == {"signing": made}
    assert subscription_save(subscription=subscription, actor=ACTOR) == ""


def test_own_secret_is_not_returned(site: Site) -> None:
    own = "whsec_" + "QUFB" * 10
    assert subscription_save(
        subscription=unsaved(site), actor=ACTOR, secrets={"signing": f" {own} "}
    ) == ""  # fmt: skip
    assert Subscription.objects.get().secrets == {"signing": own}


def test_creation_is_audited_without_a_secret(site: Site) -> None:
    saved(site, url=f"{URL}?key=hidden", headers={"X-Key": "hidden too"})
    entry = last_audit()
    assert entry.action == "subscription.created"
    assert entry.changes["secrets.signing"] == ["", "changed"]
    assert entry.changes["headers.X-Key"] == ["", "changed"]
    assert "hidden" not in str(entry.changes)


def test_secrets_are_encrypted_at_rest(site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "canary-header"})
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT secrets, headers FROM {Subscription._meta.db_table}")
        stored = str(cursor.fetchone())
    assert subscription.secrets["signing"] not in stored
    assert "canary-header" not in stored


# -- validation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "  "}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"url": ""}, "url"),
        ({"url": "ftp://example.com:8443/"}, "url"),
        ({"url": "https://[::1"}, "url"),
        ({"url": "https://user:pass@example.com:8443/"}, "url"),
        ({"url": "http://169.254.169.254:8080/latest"}, "url"),
        ({"format_key": "nothing"}, "format_key"),
        ({"format_key": "engage"}, "format_settings.tenant"),
        ({"format_settings": {"colour": "red"}}, "format_settings.colour"),
        ({"signing": "webengage"}, "signing"),
        ({"signing": "hmac", "signing_settings": {"encoding": "x"}}, "signing_settings.encoding"),
        ({"signing": "basic"}, "secrets.user"),
        ({"encryption": "engage"}, "encryption"),
        ({"encryption": "jwe"}, "secrets.encryption"),
        ({"event_types": ["contact.*.x"]}, "event_types"),
        ({"event_types": "contact.created"}, "event_types"),
        ({"conditions": [{"pointer": "x", "operator": "eq", "value": 1}]}, "conditions"),
        ({"conditions": {}}, "conditions"),
        ({"source_key": "src_of_nobody"}, "source_key"),
        ({"retry_schedule": []}, "retry_schedule"),
        ({"retry_schedule": [0] * 21}, "retry_schedule"),
        ({"retry_schedule": [604_801]}, "retry_schedule"),
        ({"retry_schedule": [-1]}, "retry_schedule"),
        ({"retry_schedule": [True]}, "retry_schedule"),
        ({"retry_schedule": ["5"]}, "retry_schedule"),
        ({"retry_rules": {"4xx": "maybe"}}, "retry_rules"),
        ({"retry_rules": {"tuesday": "stop"}}, "retry_rules"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 61}, "timeout_seconds"),
        ({"concurrency": 0}, "concurrency"),
        ({"rate_per_second": "5"}, "rate_per_second"),
        ({"format_key": "connectif_send", "signing": "none", "batch_size": 2}, "batch_size"),
        ({"batch_seconds": 5}, "batch_size"),
        (
            {"format_key": "cloudevents", "format_settings": {"mode": "binary"}, "batch_size": 5,
             "strict_order": True},
            "strict_order",
        ),
    ],
)  # fmt: skip
def test_refused_with_the_name_of_the_field(site: Site, fields: dict[str, Any], name: str) -> None:
    assert name in errors_of(unsaved(site, **fields))
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "1"},
        {"webhook-id": "1"},
        {"Svix-Signature": "1"},
        {"ce-id": "1"},
        {"User-Agent": "me"},
        {"X Key": "1"},
        {"X-Key": "line\nbreak"},
        {"X-Key": ""},
        {"X-Key": "1", "x-key": "2"},
        {f"X-{number}": "1" for number in range(21)},
    ],
)
def test_headers_that_cannot_be_sent_are_refused(site: Site, headers: Any) -> None:
    assert "headers" in errors_of(unsaved(site), headers=headers)


def test_header_of_the_signature_is_taken(site: Site) -> None:
    hmac = unsaved(site, signing="hmac", signing_settings={"header": "X-Sig", "encoding": "hex"})
    assert "headers" in errors_of(hmac, headers={"x-sig-previous": "1"})
    basic = unsaved(site, signing="basic")
    login = {"user": "eva", "password": "secret"}
    assert "headers" in errors_of(basic, headers={"Authorization": "x"}, secrets=login)


def test_error_says_nothing_of_the_value(site: Site) -> None:
    told = errors_of(unsaved(site), headers={"X-Key": "canary\nvalue"})
    assert "canary" not in str(told)


def test_all_that_is_wrong_is_told_at_once(site: Site) -> None:
    wrong = unsaved(site, url="x", retry_schedule=[], signing="webengage")
    assert errors_of(wrong).keys() == {"url", "retry_schedule", "signing"}


def test_names_are_unique_in_a_site(site: Site) -> None:
    saved(site, name="One")
    assert "name" in errors_of(unsaved(site, name=" One "))
    saved(SiteFactory.create(), name="One")


def test_own_source_may_be_named_as_the_same_system(site: Site) -> None:
    source = SourceFactory.create(site=site)
    foreign = SourceFactory.create()
    assert saved(site, source_key=source.public_id).source_key == source.public_id
    assert "source_key" in errors_of(unsaved(site, name="x", source_key=foreign.public_id))


def test_encryption_keys_are_checked_and_normalised(site: Site) -> None:
    engage: dict[str, Any] = {
        "format_key": "engage", "format_settings": {"tenant": "brand"}, "encryption": "engage",
    }  # fmt: skip
    assert "secrets.encryption" in errors_of(
        unsaved(site, **engage), secrets={"encryption": "short"}
    )
    kept = saved(site, **engage, secrets={"encryption": bytes(range(32)).hex()})
    assert reloaded(kept).secrets["encryption"] == ENGAGE_KEY
    pem = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    jwe = changed(kept, encryption="jwe", secrets={"encryption": pem})
    assert jwe.secrets["encryption"] == pem.strip()
    assert "encryption" not in changed(kept, encryption="none").secrets


# -- changing --------------------------------------------------------------------------------------


def test_revision_rises_when_bytes_change_and_only_then(site: Site) -> None:
    subscription = saved(site)
    assert subscription.revision == 1
    assert changed(subscription, name="Other", timeout_seconds=5).revision == 1
    assert changed(subscription, event_types=["loyalty.*"]).revision == 1
    assert changed(subscription, url=f"{URL}/2").revision == 2
    assert changed(subscription, headers={"X-Key": "1"}).revision == 3
    assert changed(subscription, headers={"X-Key": None}).revision == 3
    assert changed(subscription, signing="hmac", signing_settings={}).revision == 4


def test_nothing_changed_is_nothing_audited(site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "1"})
    entries, version = AuditEntry.objects.count(), ConfigurationVersion.objects.get().value
    changed(subscription)
    assert AuditEntry.objects.count() == entries
    assert ConfigurationVersion.objects.get().value == version


def test_changes_are_audited_by_field(site: Site) -> None:
    subscription = saved(site)
    changed(subscription, timeout_seconds=5, event_types=["loyalty.*"])
    entry = last_audit()
    assert entry.action == "subscription.updated"
    assert entry.changes == {
        "timeout_seconds": [15, 5],
        "event_types": [["contact.*"], ["loyalty.*"]],
    }


def test_stored_headers_stay_go_and_change(site: Site) -> None:
    subscription = saved(site, headers={"X-One": "1", "X-Two": "2"})
    assert changed(subscription, name="Other").headers == {"X-One": "1", "X-Two": "2"}
    after = changed(subscription, headers={"x-one": None, "X-Three": "3"})
    assert after.headers == {"x-one": "1", "X-Three": "3"}


def test_what_the_object_holds_is_not_what_is_stored(site: Site) -> None:
    subscription = saved(site)
    secret = subscription.secrets["signing"]
    row = reloaded(subscription)
    row.secrets, row.headers, row.state = {"signing": "x"}, {"X": "y"}, "paused"
    subscription_save(subscription=row, actor=ACTOR)
    after = reloaded(subscription)
    assert (after.secrets, after.headers) == ({"signing": secret}, {})
    assert after.state == SubscriptionState.ACTIVE


def test_saving_leaves_what_the_engine_keeps(site: Site) -> None:
    subscription = saved(site)
    stale = reloaded(subscription)
    now = timezone.now()
    Subscription.objects.update(last_success_at=now, failures_in_row=7)
    stale.name = "Other"
    subscription_save(subscription=stale, actor=ACTOR)
    after = reloaded(subscription)
    assert (after.last_success_at, after.failures_in_row, after.name) == (now, 7, "Other")


def test_secrets_of_another_way_do_not_linger(site: Site) -> None:
    subscription = saved(site)
    basic = changed(
        subscription, signing="basic", signing_settings={},
        secrets={"user": "eva", "password": "a password"},
    )  # fmt: skip
    assert basic.secrets == {"user": "eva", "password": "a password"}
    assert changed(basic, name="Other").secrets == basic.secrets
    back = changed(basic, signing="standard_webhooks")
    assert set(back.secrets) == {"signing"}


def test_site_stays(site: Site) -> None:
    subscription = saved(site)
    subscription.site = SiteFactory.create()
    with pytest.raises(ValidationError, match="keeps its site"):
        subscription_save(subscription=subscription, actor=ACTOR)


def test_secrets_without_their_key_are_entered_again(site: Site) -> None:
    subscription = saved(site, headers={"X-Key": "1"})
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Subscription._meta.db_table} SET secrets = 'enc:v1:x:y', headers = secrets"
        )
    row = Subscription.objects.select_related("site").defer("secrets", "headers").get()
    row.name = "Other"
    assert "secrets.signing" in errors_of(row, headers={"X-Key": "2"})
    own = "whsec_" + "QUFB" * 10
    assert "headers" in errors_of(row, secrets={"signing": own})
    subscription_save(
        subscription=row, actor=ACTOR, headers={"X-Key": "2"}, secrets={"signing": own}
    )
    after = reloaded(subscription)
    assert (after.secrets, after.headers) == ({"signing": own}, {"X-Key": "2"})


# -- rotation --------------------------------------------------------------------------------------


def test_rotation_lets_the_old_secret_sign_along(site: Site) -> None:
    subscription = saved(site)
    old = subscription.secrets["signing"]
    with time_machine.travel("2026-11-21T10:00:00Z", tick=False):
        new = secret_rotate(subscription=subscription, actor=ACTOR)
        after = reloaded(subscription)
        assert after.previous_until == timezone.now() + timedelta(days=1)
    assert after.secrets == {"signing": new, "previous_signing": old}
    assert new != old
    assert after.revision == 2
    assert new not in str(last_audit().changes)
    assert last_audit().action == "subscription.secret_rotated"


def test_second_rotation_drops_the_oldest(site: Site) -> None:
    subscription = saved(site)
    first = secret_rotate(subscription=subscription, actor=ACTOR)
    second = secret_rotate(subscription=subscription, actor=ACTOR, overlap_seconds=60)
    assert reloaded(subscription).secrets == {"signing": second, "previous_signing": first}


def test_without_overlap_the_old_one_ends_at_once(site: Site) -> None:
    subscription = saved(site)
    new = secret_rotate(subscription=subscription, actor=ACTOR, overlap_seconds=0)
    assert reloaded(subscription).secrets == {"signing": new}
    assert reloaded(subscription).previous_until is None


def test_overlap_ends_early(site: Site) -> None:
    subscription = saved(site)
    new = secret_rotate(subscription=subscription, actor=ACTOR)
    secret_overlap_end(subscription=subscription, actor=ACTOR)
    after = reloaded(subscription)
    assert (after.secrets, after.previous_until) == ({"signing": new}, None)
    assert last_audit().action == "subscription.overlap_ended"


def test_new_secret_by_saving_is_a_rotation(site: Site) -> None:
    subscription = saved(site)
    old = subscription.secrets["signing"]
    own = "whsec_" + "QUFB" * 10
    after = changed(subscription, secrets={"signing": own})
    assert after.secrets == {"signing": own, "previous_signing": old}
    assert after.previous_until is not None


def test_receiver_that_checks_one_secret_gets_no_overlap(site: Site) -> None:
    subscription = saved(
        site, format_key="webengage_survey", signing="webengage",
        format_settings={"license_code": "311c48b3"},
    )  # fmt: skip
    new = secret_rotate(subscription=subscription, actor=ACTOR)
    assert reloaded(subscription).secrets == {"signing": new}


@pytest.mark.parametrize("overlap", [-1, 604_801])
def test_overlap_has_an_end(site: Site, overlap: int) -> None:
    with pytest.raises(ValidationError):
        secret_rotate(subscription=saved(site), actor=ACTOR, overlap_seconds=overlap)


def test_nothing_to_rotate(site: Site) -> None:
    unsigned = saved(site, signing="none")
    with pytest.raises(ValidationError, match="does not sign"):
        secret_rotate(subscription=unsigned, actor=ACTOR)


# -- pausing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Paused by tests since 2026-11-21 05:00 CET."),
        ("They move house.", "Paused by tests since 2026-11-21 05:00 CET. They move house."),
    ],
)
def test_a_pause_says_who_and_since_when_by_the_clock_of_the_site(
    site: Site, reason: str, words: str
) -> None:
    site.time_zone = "Europe/Stockholm"
    site.save()
    subscription = saved(site)
    with time_machine.travel("2026-11-21T04:00:12Z", tick=False):
        subscription_pause(subscription=subscription, actor=ACTOR, reason=reason)
    assert subscription.state_reason == reloaded(subscription).state_reason == words


def test_one_that_begins_paused_says_who_and_since_when(site: Site) -> None:
    before = timezone.now()
    subscription = reloaded(saved(site, state=SubscriptionState.PAUSED))
    assert subscription.state_reason.startswith("Paused by tests since 2")
    assert subscription.state_changed_at is not None
    assert subscription.state_changed_at >= before


def test_pause_is_audited_once_and_reloads_directories(site: Site) -> None:
    subscription = saved(site)
    version = ConfigurationVersion.objects.get().value
    assert subscription_pause(subscription=subscription, actor=ACTOR)
    assert not subscription_pause(subscription=subscription, actor=ACTOR)
    assert reloaded(subscription).state == SubscriptionState.PAUSED
    assert ConfigurationVersion.objects.get().value == version + 1
    assert AuditEntry.objects.filter(action="subscription.paused").count() == 1
