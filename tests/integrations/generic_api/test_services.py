from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import override_settings

from integrations.generic_api.services import (
    generic_api_for,
    generic_api_save,
    generic_api_set_active,
)
from integrations.models import GenericApi
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
SECRET = "a secret of thirty characters."
URL = "https://api.example.com:8443/contacts"


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("id"))


def saved(site: Site, **fields: Any) -> GenericApi:
    """Save settings for a site, with a secret for the mode Header."""
    api = generic_api_for(site)
    for name, value in fields.items():
        setattr(api, name, value)
    return generic_api_save(api=api, actor=SYSTEM, secrets={"header_value": SECRET})


def problems(site: Site, **fields: Any) -> dict[str, list[str]]:
    api = generic_api_for(site)
    options = {
        name: fields.pop(name) for name in ("secrets", "headers", "clear_secrets") if name in fields
    }
    for name, value in fields.items():
        setattr(api, name, value)
    with pytest.raises(ValidationError) as caught:
        generic_api_save(api=api, actor=SYSTEM, **options)
    return caught.value.message_dict


def test_site_without_settings_has_the_defaults(site: Site) -> None:
    api = generic_api_for(site)
    assert api._state.adding
    assert (api.email_key, api.lookup_sends, api.auth_mode) == (
        "email",
        ["email", "phone"],
        "header",
    )


def test_settings_are_normalised_and_stored(site: Site) -> None:
    saved(
        site,
        lookup_url=f" {URL} ",
        write_url="https://bücher.example:8443/kontakt",
        ignored_codes="500-599,409",
        email_key=" e_mail ",
        lookup_sends=["personal_identity", "email"],
        header_name=" X-Token ",
        custom_options=[{"key": " pet "}],
        is_active=True,
    )
    api = generic_api_for(site)
    assert api.lookup_url == URL
    assert api.write_url == "https://xn--bcher-kva.example:8443/kontakt"
    assert api.ignored_codes == "409, 500-599"
    assert api.email_key == "e_mail"
    assert api.lookup_sends == ["email", "personal_identity"]
    assert api.header_name == "X-Token"
    assert api.custom_options == [
        {"key": "pet", "label": "pet", "type": "text", "values": [], "stored_as": "attribute"}
    ]
    assert api.header_value == SECRET


@pytest.mark.parametrize(
    ("fields", "name", "part"),
    [
        ({"lookup_url": "ftp://x"}, "lookup_url", "https://"),
        ({"write_url": "https://u:p@h.example/"}, "write_url", "user name"),
        ({"write_url": "https://127.255.0.1:99999/"}, "write_url", "65535"),
        ({"lookup_url": URL + "#x"}, "lookup_url", "#"),
        ({"email_key": "a b"}, "email_key", "letters"),
        ({"phone_key": "email"}, "phone_key", "The Email Key has this name"),
        ({"name_key": "redeal"}, "name_key", "taken"),
        ({"lookup_sends": []}, "lookup_sends", "at least one"),
        ({"lookup_sends": ["name"]}, "lookup_sends", "Choose from"),
        ({"lookup_sends": "email"}, "lookup_sends", "Choose from"),
        ({"ignored_codes": "5xx"}, "ignored_codes", "5xx"),
        ({"header_name": "Content-Length"}, "header_name", "Patchbay itself"),
        ({"header_name": ""}, "header_name", "header name"),
        ({"hmac_header": "X Y"}, "hmac_header", "header name"),
        ({"hmac_prefix": "a,b"}, "hmac_prefix", "comma"),
        ({"hmac_prefix": "å"}, "hmac_prefix", "ASCII"),
        ({"hmac_timestamp_header": "x-signature"}, "hmac_timestamp_header", "another"),
        ({"api_key_name": "a b"}, "api_key_name", "header name"),
        ({"api_key_name": "a@b", "api_key_place": "query"}, "api_key_name", "variable"),
        ({"api_key_name": "phone", "api_key_place": "query"}, "api_key_name", "four Key"),
        ({"connect_seconds": 0}, "connect_seconds", "at least 1"),
        ({"connect_seconds": "x"}, "connect_seconds", "integer"),
        ({"total_seconds": 31}, "total_seconds", "at most 30"),
        ({"total_seconds": 2}, "total_seconds", "time to connect"),
        ({"auth_mode": "basic"}, "auth_mode", "not a valid choice"),
        ({"write_method": "GET"}, "write_method", "not a valid choice"),
        ({"custom_options": [{"key": "email"}]}, "custom_options", "Option 1"),
        ({"custom_options": "x"}, "custom_options", "list"),
        ({"secrets": {"header_value": "a\nb"}}, "header_value", "cannot be seen"),
        ({"secrets": {"header_value": "hemlig å"}}, "header_value", "punctuation"),
        ({"secrets": {"hmac_secret": "a\tb"}}, "hmac_secret", "cannot be seen"),
        ({"secrets": {"hmac_secret": "x" * 1001}}, "hmac_secret", "at most"),
        ({"secrets": {"api_key_value": "nyckel å"}}, "api_key_value", "punctuation"),
        ({"headers": {"Host": "x"}}, "extra_headers", "Host"),
        ({"headers": {"X-A": "x\r\ny"}}, "extra_headers", "X-A"),
        ({"headers": {"X-A": ""}}, "extra_headers", "no value"),
        ({"headers": {"X-A": None}}, "extra_headers", "no value"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "extra_headers", "x-a is used already"),
        ({"headers": {"authorization": "x"}}, "extra_headers", "used already"),
        ({"headers": {f"X-{n}": "x" for n in range(21)}}, "extra_headers", "At most 20"),
        ({"is_active": True, "secrets": {"header_value": "x"}}, "lookup_url", "needed"),
        ({"is_active": True, "lookup_url": URL, "write_url": URL}, "header_value", "needed"),
        ({"is_served": True, "secrets": {"header_value": "x" * 15}}, "header_value", "16 bytes"),
        ({"is_served": True, "auth_mode": "hmac"}, "hmac_secret", "16 bytes"),
    ],
)
def test_problem_is_named_by_its_field(
    site: Site, fields: dict[str, Any], name: str, part: str
) -> None:
    found = problems(site, **fields)
    assert any(part in message for message in found[name]), found
    assert not GenericApi.objects.exists()
    assert not AuditEntry.objects.exists()


def test_all_problems_are_named_at_once(site: Site) -> None:
    found = problems(site, lookup_url="x", email_key="", ignored_codes="x", total_seconds=99)
    assert set(found) == {"lookup_url", "email_key", "ignored_codes", "total_seconds"}


def test_secret_in_the_query_may_hold_any_letter(site: Site) -> None:
    api = generic_api_for(site)
    api.auth_mode, api.api_key_place, api.api_key_name = "api_key", "query", "key"
    generic_api_save(api=api, actor=SYSTEM, secrets={"api_key_value": "nyckel å & co"})
    assert generic_api_for(site).api_key_value == "nyckel å & co"


def test_audit_holds_what_changed_and_no_secret(site: Site) -> None:
    api = saved(site, email_key="e_mail")
    generic_api_save(api=api, actor=SYSTEM, headers={"X-Gateway": "gateway-key"})
    api.ignored_codes = "409"
    generic_api_save(api=api, actor=SYSTEM, secrets={"header_value": SECRET + "2"})
    first, second, third = entries()
    assert {entry.action for entry in entries()} == {"generic_api.updated"}
    assert first.changes == {
        "email_key": ["email", "e_mail"],
        "secrets.header_value": ["", "changed"],
    }
    assert second.changes == {"secrets.extra_headers.X-Gateway": ["", "changed"]}
    assert third.changes == {
        "ignored_codes": ["", "409"],
        "secrets.header_value": ["", "changed"],
    }


def test_saving_the_same_again_is_no_change(site: Site) -> None:
    api = saved(site, custom_options=[{"key": "pet"}])
    count = AuditEntry.objects.count()
    generic_api_save(
        api=generic_api_for(site),
        actor=SYSTEM,
        secrets={"header_value": SECRET, "hmac_secret": " "},
        headers={},
    )
    assert AuditEntry.objects.count() == count
    assert generic_api_for(site).header_value == api.header_value


def test_secrets_stay_whatever_the_given_object_holds(site: Site) -> None:
    saved(site)
    api = generic_api_for(site)
    api.header_value, api.extra_headers = "forged", {"X-A": "forged"}
    generic_api_save(api=api, actor=SYSTEM, secrets={"header_value": "  "})
    stored = generic_api_for(site)
    assert (stored.header_value, stored.extra_headers) == (SECRET, {})


def test_secrets_are_cleared_on_request(site: Site) -> None:
    api = saved(site)
    generic_api_save(api=api, actor=SYSTEM, clear_secrets=["header_value"])
    assert generic_api_for(site).header_value == ""
    assert entries()[-1].changes == {"secrets.header_value": ["", "changed"]}


def test_active_api_keeps_its_secret(site: Site) -> None:
    saved(site, lookup_url=URL, write_url=URL, is_active=True)
    assert "header_value" in problems(site, clear_secrets=["header_value"])
    assert generic_api_for(site).header_value == SECRET


def test_extra_headers_are_replaced_as_a_whole_and_values_kept_by_name(site: Site) -> None:
    api = saved(site)
    generic_api_save(api=api, actor=SYSTEM, headers={"X-A": "1", "X-B": "2"})
    generic_api_save(api=api, actor=SYSTEM)
    generic_api_save(api=api, actor=SYSTEM, headers={"x-b": None, "X-C": "3"})
    assert generic_api_for(site).extra_headers == {"x-b": "2", "X-C": "3"}
    assert set(entries()[-1].changes) == {
        "secrets.extra_headers.X-A",
        "secrets.extra_headers.X-B",
        "secrets.extra_headers.x-b",
        "secrets.extra_headers.X-C",
    }


def test_settings_saved_meanwhile_are_not_overwritten(site: Site) -> None:
    mine, first = generic_api_for(site), generic_api_for(site)
    generic_api_save(api=first, actor=SYSTEM)
    with pytest.raises(ValidationError, match="Somebody else"):
        generic_api_save(api=mine, actor=SYSTEM)
    mine, theirs = generic_api_for(site), generic_api_for(site)
    theirs.email_key = "theirs"
    generic_api_save(api=theirs, actor=SYSTEM)
    mine.phone_key = "mine"
    with pytest.raises(ValidationError, match="Somebody else"):
        generic_api_save(api=mine, actor=SYSTEM)
    assert generic_api_for(site).email_key == "theirs"


def test_switching_on_asks_for_what_is_missing_and_off_for_nothing(site: Site) -> None:
    api = saved(site)
    with pytest.raises(ValidationError) as caught:
        generic_api_set_active(api=api, active=True, actor=SYSTEM)
    assert set(caught.value.message_dict) == {"lookup_url", "write_url"}
    assert not api.is_active
    api.lookup_url = api.write_url = URL
    generic_api_save(api=api, actor=SYSTEM)
    generic_api_set_active(api=api, active=True, actor=SYSTEM)
    generic_api_set_active(api=api, active=True, actor=SYSTEM)
    GenericApi.objects.update(header_value="", lookup_url="", is_active=False)
    GenericApi.objects.update(lookup_url=URL, is_active=True)
    generic_api_set_active(api=api, active=False, actor=SYSTEM)
    assert not generic_api_for(site).is_active
    assert [entry.action for entry in entries()][-2:] == [
        "generic_api.activated",
        "generic_api.deactivated",
    ]
    api.email_key = "after"
    generic_api_save(api=api, actor=SYSTEM)


def test_secret_of_a_lost_key_leaves_the_rest_readable_and_can_be_replaced(site: Site) -> None:
    saved(site, email_key="e_mail")
    other = "k2:" + "A" * 43 + "="
    with override_settings(ENCRYPTION_KEYS=other):
        api = generic_api_for(site)
        assert api.email_key == "e_mail"
        found = problems(site, phone_key="tel")
        assert set(found) == {"header_value"}
        assert "Enter it again" in found["header_value"][0]
        api = generic_api_for(site)
        generic_api_save(api=api, actor=SYSTEM, secrets={"header_value": "new " + SECRET})
        assert generic_api_for(site).header_value == "new " + SECRET
    assert entries()[-1].changes == {"secrets.header_value": ["", "changed"]}


def test_headers_of_a_lost_key_can_be_replaced(site: Site) -> None:
    api = generic_api_for(site)
    generic_api_save(api=api, actor=SYSTEM, headers={"X-A": "1"})
    with override_settings(ENCRYPTION_KEYS="k2:" + "A" * 43 + "="):
        assert set(problems(site)) == {"extra_headers"}
        assert set(problems(site, headers={"X-A": None})) == {"extra_headers"}
        generic_api_save(api=generic_api_for(site), actor=SYSTEM, headers={"X-A": "2"})
        assert generic_api_for(site).extra_headers == {"X-A": "2"}


def test_no_secret_is_stored_in_clear(site: Site) -> None:
    api = saved(site)
    generic_api_save(api=api, actor=SYSTEM, headers={"X-A": "gateway-key"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_genericapi")
        text = repr(cursor.fetchall())
    assert SECRET not in text
    assert "gateway-key" not in text


def test_each_site_has_its_own(site: Site) -> None:
    saved(site, email_key="one")
    other = SiteFactory.create()
    assert generic_api_for(other).email_key == "email"
    saved(other, email_key="two")
    assert generic_api_for(site).email_key == "one"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told() -> None:
    site = SiteFactory.create()
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def save(key: str) -> None:
        api = generic_api_for(site)
        api.email_key = key
        barrier.wait(timeout=120)
        try:
            generic_api_save(api=api, actor=SYSTEM)
            outcomes.append("saved")
        except ValidationError as error:
            outcomes.extend(error.messages)
        finally:
            connection.close()

    for keys in (("first", "second"), ("third", "fourth")):
        outcomes.clear()
        threads = [threading.Thread(target=save, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told, saved_one = sorted(outcomes)
        assert "Somebody else" in told
        assert saved_one == "saved"
        assert generic_api_for(site).email_key in keys
    assert AuditEntry.objects.count() == 2
