"""The section Generic of a site's page: configured, tried and watched, by role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.http import send
from common.masks import MASK
from integrations.generic_api.calls import call_record
from integrations.generic_api.services import generic_api_save
from integrations.models import ApiCall, GenericApi, GenericApiHour, Purpose
from sites.audit import Actor
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import SiteFactory
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers, answers_json, by_method

pytestmark = pytest.mark.django_db

CANARY = "canary-secret-of-the-header"
GATEWAY = "canary-key-of-the-gateway"
KNOWN = {"email": "jane@example.com", "name": "Jane Doe"}


def page_url(site: Site) -> str:
    return reverse("admin:sites_site_change", args=[site.pk])


def post_url(site: Site) -> str:
    return reverse("admin:sites_site_section", args=[site.pk, "generic"])


def filled(**changes: Any) -> dict[str, Any]:
    """Return the form as a browser sends it, saved by default, with some fields changed."""
    given: dict[str, Any] = {
        "action": "save",
        "generic-auth_mode": "header",
        "generic-header_name": "X-Onsite-Token",
        "generic-header_value": "",
        "generic-hmac_secret": "",
        "generic-hmac_header": "X-Signature",
        "generic-hmac_algorithm": "sha256",
        "generic-hmac_encoding": "hex",
        "generic-hmac_prefix": "",
        "generic-hmac_signs": "body",
        "generic-hmac_timestamp_header": "X-Timestamp",
        "generic-api_key_name": "X-Api-Key",
        "generic-api_key_value": "",
        "generic-api_key_place": "header",
        "generic-lookup_url": "https://api.example.com:8443/contacts",
        "generic-write_url": "https://api.example.com:8443/contacts",
        "generic-write_method": "POST",
        "generic-email_key": "email",
        "generic-phone_key": "phone",
        "generic-name_key": "name",
        "generic-personal_identity_key": "personalIdentity",
        "generic-lookup_sends": ["email", "phone"],
        "generic-ignored_codes": "",
        "generic-connect_seconds": "3",
        "generic-total_seconds": "10",
        "generic-extra_headers": "",
        "generic-verify_tls": "on",
        "trial-uses": "form",
    }
    for name, value in changes.items():
        plain = "generic-" if f"generic-{name}" in given or name.startswith("is_") else ""
        given[name if name == "action" else plain + name] = value
    return {name: value for name, value in given.items() if value is not None}


def tried(operation: str, **changes: Any) -> dict[str, Any]:
    contact = {"trial-email": "jane@example.com", "fragment": "1"}
    return filled(action=f"try-{operation}") | contact | changes


@pytest.fixture
def stored(site: Site) -> GenericApi:
    """A saved API with a secret and an extra header."""
    api = GenericApi(
        site=site,
        header_name="X-Onsite-Token",
        lookup_url="https://api.example.com:8443/contacts",
        write_url="https://api.example.com:8443/contacts",
    )
    return generic_api_save(
        api=api,
        actor=Actor.system("test"),
        secrets={"header_value": CANARY},
        headers={"X-Gateway": GATEWAY},
    )


@pytest.fixture
def api() -> Iterator[HostileApi]:
    behaviour = by_method(GET=answers_json(KNOWN), POST=answers_json({}, 201))
    with HostileApi(behaviour) as running:
        yield running


def point_to(stored: GenericApi, api: HostileApi) -> None:
    GenericApi.objects.filter(pk=stored.pk).update(lookup_url=api.url(), write_url=api.url())


# -- roles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", ["save", "example", "try-lookup", "try-write", "switch-on", "switch-off"]
)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_lesser_roles_post_nothing(
    client: Client, site: Site, stored: GenericApi, member: MakeMember, role: Role, action: str
) -> None:
    client.force_login(member(role))
    given = tried("lookup") | {"action": action, "generic-email_key": "changed"}
    assert client.post(post_url(site), given).status_code == 403
    stored.refresh_from_db()
    assert stored.email_key == "email"
    assert not ApiCall.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_lesser_roles_see_the_settings_without_a_form(
    client: Client, site: Site, stored: GenericApi, member: MakeMember, role: Role
) -> None:
    GenericApi.objects.update(
        lookup_url="https://api.example.com:8443/contacts?code=canary-in-the-url"
    )
    client.force_login(member(role))
    html = client.get(page_url(site)).content.decode()
    assert "Get/Lookup Contact API Endpoint URL" in html
    assert f"https://api.example.com:8443/contacts?code={MASK}" in html
    assert f"X-Gateway: {MASK}" in html
    assert "generic-form" not in html
    assert "canary" not in html


def test_strangers_meet_nothing(client: Client, site: Site, member: MakeMember) -> None:
    assert client.post(post_url(site), filled()).headers["Location"].startswith("/admin/login/")
    client.force_login(member(Role.ADMIN, on=SiteFactory.create()))
    assert client.post(post_url(site), filled()).status_code in (302, 404)
    assert not GenericApi.objects.exists()


def test_a_get_is_refused_and_a_post_needs_its_token(site: Site, superuser: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser)
    assert client.get(post_url(site)).status_code == 405
    assert client.post(post_url(site), filled()).status_code == 403
    assert not GenericApi.objects.exists()


def test_an_unknown_action_is_refused(operator: Client, site: Site) -> None:
    assert operator.post(post_url(site), filled(action="drop")).status_code == 400


# -- saving ----------------------------------------------------------------------------------------


def test_operator_sets_it_up_with_the_first_secret(operator: Client, site: Site) -> None:
    given = filled(
        header_value=CANARY,
        ignored_codes="500-599, 409,404",
        is_active="on",
        lookup_sends=["personal_identity", "email"],
        extra_headers=f"X-Gateway: {GATEWAY}",
    )
    response = operator.post(post_url(site), given)
    assert response.headers["Location"] == f"{page_url(site)}?section=generic#section-generic"
    api = GenericApi.objects.get(site=site)
    assert (api.header_value, api.extra_headers) == (CANARY, {"X-Gateway": GATEWAY})
    assert api.ignored_codes == "404, 409, 500-599"
    assert api.lookup_sends == ["email", "personal_identity"]
    assert api.is_active
    html = operator.get(response.headers["Location"]).content.decode()
    assert "was saved" in html
    assert "canary" not in html
    assert 'id="section-generic" open' in html


def test_operator_cannot_replace_a_stored_secret(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    html = operator.get(page_url(site)).content.decode()
    assert 'name="generic-header_value"' not in html
    assert "Only an admin of the site can replace it" in html
    given = filled(header_value="another value", extra_headers=f"X-Gateway: {MASK}")
    assert operator.post(post_url(site), given).status_code == 302
    stored.refresh_from_db()
    assert stored.header_value == CANARY


@pytest.mark.parametrize("lines", ["", "X-Gateway: another value"])
def test_operator_neither_drops_nor_replaces_a_stored_header(
    operator: Client, site: Site, stored: GenericApi, lines: str
) -> None:
    response = operator.post(post_url(site), filled(extra_headers=lines))
    assert "Only an admin of the site changes or removes" in response.content.decode()
    stored.refresh_from_db()
    assert stored.extra_headers == {"X-Gateway": GATEWAY}


def test_operator_adds_a_header_beside_the_stored_one(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    lines = f"x-gateway: {MASK}\r\nX-Brand: north: 1\r\n"
    assert operator.post(post_url(site), filled(extra_headers=lines)).status_code == 302
    stored.refresh_from_db()
    assert stored.extra_headers == {"X-Gateway": GATEWAY, "X-Brand": "north: 1"}


def test_admin_replaces_and_clears_and_the_audit_says_no_value(
    admin: Client, site: Site, stored: GenericApi
) -> None:
    given = filled(header_value="the newer value", extra_headers="")
    assert admin.post(post_url(site), given).status_code == 302
    stored.refresh_from_db()
    assert (stored.header_value, stored.extra_headers) == ("the newer value", {})
    assert admin.post(post_url(site), filled(**{"generic-header_value-clear": "on"}))
    stored.refresh_from_db()
    assert stored.header_value == ""
    said = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert "changed" in said
    assert "canary" not in said
    assert "newer value" not in said


def test_operator_cannot_point_stored_secrets_to_another_host(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    for name in ("lookup_url", "write_url"):
        given = filled(
            **{name: "https://elsewhere.example.com:8443/", "extra_headers": f"X-Gateway: {MASK}"}
        )
        html = operator.post(post_url(site), given).content.decode()
        assert "they would go to another host" in html
    stored.refresh_from_db()
    assert stored.lookup_url == stored.write_url == "https://api.example.com:8443/contacts"


def test_operator_changes_the_path_and_admin_the_host(
    client: Client, site: Site, stored: GenericApi, member: MakeMember
) -> None:
    kept = f"X-Gateway: {MASK}"
    client.force_login(member(Role.OPERATOR))
    path = filled(lookup_url="https://API.example.com:8443/v2", extra_headers=kept)
    assert client.post(post_url(site), path).status_code == 302
    client.force_login(member(Role.ADMIN))
    host = filled(lookup_url="https://elsewhere.example.com:8443/", extra_headers=kept)
    assert client.post(post_url(site), host).status_code == 302
    stored.refresh_from_db()
    assert stored.lookup_url == "https://elsewhere.example.com:8443/"


def test_errors_stand_beside_their_fields_and_nothing_is_saved(
    operator: Client, site: Site
) -> None:
    given = filled(
        email_key="jane@example.com",
        ignored_codes="4o4",
        is_active="on",
        lookup_url="ftp://api.example.com",
    )
    response = operator.post(post_url(site), given)
    assert response.status_code == 200
    form = response.context["form"]
    assert {"email_key", "ignored_codes", "lookup_url"} <= form.errors.keys()
    html = response.content.decode()
    assert "“4o4” is no code and no range" in html
    assert 'id="section-generic" open' in html
    assert 'value="ftp://api.example.com"' in html
    assert not GenericApi.objects.exists()


def test_typed_secrets_are_not_given_back_with_errors(operator: Client, site: Site) -> None:
    given = filled(
        header_value=CANARY, extra_headers=f"X-Gateway: {GATEWAY}", ignored_codes="nonsense"
    )
    html = operator.post(post_url(site), given).content.decode()
    assert "nonsense" in html
    assert "X-Gateway: " in html
    assert "canary" not in html


def test_fields_of_other_methods_keep_what_is_stored(operator: Client, site: Site) -> None:
    given = filled(auth_mode="hmac", hmac_secret=CANARY, header_name="not a header name")
    assert operator.post(post_url(site), given).status_code == 302
    api = GenericApi.objects.get()
    assert (api.auth_mode, api.header_name, api.header_value) == ("hmac", "Authorization", "")


def test_general_settings_still_save_from_the_page_after_an_error(
    operator: Client, site: Site
) -> None:
    html = operator.post(post_url(site), filled(ignored_codes="x")).content.decode()
    assert f'action="{page_url(site)}"' in html


def test_a_change_that_somebody_else_made_meanwhile_is_not_undone(
    admin: Client, site: Site, stored: GenericApi
) -> None:
    html = admin.get(page_url(site)).content.decode()
    opened_with = re.findall(r'name="opened_with" value="([^"]+)"', html)
    assert len(opened_with) == 2, "the general settings, and the section"
    GenericApi.objects.get().save()
    given = filled(email_key="late") | {"opened_with": opened_with[1]}
    html = admin.post(post_url(site), given).content.decode()
    assert "changed this" in html
    assert f'href="{page_url(site)}?section=generic#section-generic" target="_blank"' in html
    stored.refresh_from_db()
    assert stored.email_key == "email"


def test_unreadable_secret_is_said_and_can_be_replaced(
    admin: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    point_to(stored, api)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_genericapi SET header_value = 'enc:v1:gone:AAAA'")
    html = admin.get(page_url(site)).content.decode()
    assert "A stored secret cannot be read" in html
    unsaved = {"generic-lookup_url": api.url(), "generic-extra_headers": f"X-Gateway: {MASK}"}
    refused = admin.post(post_url(site), tried("lookup", **unsaved)).content.decode()
    assert "A stored secret cannot be read" in refused
    assert api.connections == 0
    given = filled(header_value="typed again", lookup_url=api.url(), write_url=api.url())
    assert admin.post(post_url(site), given).status_code == 302
    assert GenericApi.objects.get().header_value == "typed again"


# -- custom options --------------------------------------------------------------------------------


def options(*rows: tuple[str, str, str, str, str]) -> dict[str, list[str]]:
    names = ("key", "label", "type", "values", "stored_as")
    return {f"option-{name}": [row[place] for row in rows] for place, name in enumerate(names)}


def test_options_are_saved_in_their_order_and_blank_rows_left_out(
    operator: Client, site: Site
) -> None:
    rows = options(
        ("pet", "Pet", "choice", "Dog\r\n\r\nCat", "consent"),
        ("", "", "text", "", "attribute"),
        ("newsletter", "", "boolean", "left over", "email_preference"),
    )
    assert operator.post(post_url(site), filled() | rows).status_code == 302
    first, second = GenericApi.objects.get().custom_options
    assert first == {
        "key": "pet",
        "label": "Pet",
        "type": "choice",
        "values": ["Dog", "Cat"],
        "stored_as": "attribute",
    }
    assert (second["values"], second["stored_as"]) == ([], "email_preference")


def test_a_bad_option_is_named_and_the_rows_come_back(operator: Client, site: Site) -> None:
    rows = options(("pet", "Pet", "choice", "", "attribute"), ("e mail", "", "text", "", "x"))
    html = operator.post(post_url(site), filled() | rows).content.decode()
    assert "Option 1 (“pet”)" in html
    assert 'value="e mail"' in html
    assert not GenericApi.objects.exists()


# -- the worked example ----------------------------------------------------------------------------


def example(client: Client, site: Site, **changes: Any) -> str:
    response = client.post(post_url(site), filled(action="example", **changes))
    assert response.status_code == 200
    html = response.content.decode()
    assert "<html" not in html
    return html


def test_example_follows_the_unsaved_form(operator: Client, site: Site) -> None:
    html = example(
        operator, site, auth_mode="hmac", hmac_signs="timestamp", hmac_prefix="sha256=",
        email_key="e_mail", hmac_secret=CANARY,
    )  # fmt: skip
    assert "1614265330.e_mail=jane%40example.com" in html
    assert re.search(r"X-Signature: sha256=[0-9a-f]{64}", html)
    assert "X-Timestamp: 1614265330" in html
    assert "canary" not in html
    assert not GenericApi.objects.exists()


def test_example_of_a_key_in_the_query(operator: Client, site: Site) -> None:
    html = example(operator, site, auth_mode="api_key", api_key_name="key", api_key_place="query")
    assert "&amp;key=example-secret" in html


def test_example_of_an_unfinished_form_is_no_error(operator: Client, site: Site) -> None:
    for name in ("auth_mode", "lookup_url", "email_key", "write_method", "connect_seconds"):
        example(operator, site, **{name: "http://[nonsense"})
        example(operator, site, **{name: None})


# -- trying ----------------------------------------------------------------------------------------


def test_lookup_with_the_saved_settings(
    operator: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    point_to(stored, api)
    html = operator.post(
        post_url(site), tried("lookup", **{"trial-uses": "saved"})
    ).content.decode()
    (request,) = api.requests
    assert request.target == "/contacts?email=jane%40example.com"
    assert request.header("X-Onsite-Token") == CANARY
    assert request.header("X-Gateway") == GATEWAY
    call = ApiCall.objects.get()
    assert (call.purpose, call.outcome) == (Purpose.TRIAL, "found")
    assert "with the saved settings" in html
    assert "Jane Doe" in html
    assert reverse("admin:integrations_apicall_change", args=[call.pk]) in html
    assert "canary" not in html


def test_write_with_what_stands_in_the_form_saves_no_setting(
    operator: Client, site: Site, api: HostileApi
) -> None:
    given = tried(
        "write",
        **{
            "generic-header_value": CANARY,
            "generic-write_url": api.url("/people"),
            "generic-email_key": "e_mail",
            "trial-tag": "NewFriend",
        },
    )
    html = operator.post(post_url(site), given).content.decode()
    (request,) = api.requests
    assert request.json() == {"e_mail": "jane@example.com", "redeal": "NewFriend"}
    assert request.header("X-Onsite-Token") == CANARY
    assert "which is not saved" in html
    assert "canary" not in html
    assert not GenericApi.objects.exists()


def test_typed_secret_wins_over_the_stored_one_and_a_blank_one_is_the_stored(
    admin: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    point_to(stored, api)
    unsaved = {"generic-lookup_url": api.url("/v2"), "generic-extra_headers": f"X-Gateway: {MASK}"}
    admin.post(post_url(site), tried("lookup", **unsaved))
    admin.post(post_url(site), tried("lookup", **unsaved, **{"generic-header_value": "typed-one"}))
    assert [request.header("X-Onsite-Token") for request in api.requests] == [CANARY, "typed-one"]
    assert [request.header("X-Gateway") for request in api.requests] == [GATEWAY, GATEWAY]
    stored.refresh_from_db()
    assert stored.header_value == CANARY


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_stored_secrets_are_tried_on_no_other_host(
    client: Client, site: Site, stored: GenericApi, member: MakeMember, api: HostileApi, role: Role
) -> None:
    client.force_login(member(role))
    for changes in (
        {"generic-extra_headers": ""} if role is Role.ADMIN else {},
        {"generic-header_value": "typed", "generic-extra_headers": f"X-Gateway: {MASK}"},
    ):
        moved = {"generic-lookup_url": api.url(), "generic-extra_headers": f"X-Gateway: {MASK}"}
        html = client.post(post_url(site), tried("lookup", **(moved | changes))).content.decode()
        assert "goes only to the host of the saved addresses" in html
    assert api.connections == 0
    assert not ApiCall.objects.exists()


def test_admin_tries_another_host_with_everything_typed(
    admin: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    typed = {
        "generic-lookup_url": api.url(),
        "generic-header_value": "typed",
        "generic-extra_headers": "",
    }
    admin.post(post_url(site), tried("lookup", **typed))
    assert api.requests[0].header("X-Onsite-Token") == "typed"
    assert api.requests[0].header("X-Gateway") is None


def test_blocked_lookup_names_the_setting_that_would_change_it(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    with HostileApi(answers(409, b'{"why": "<script>alert(1)</script>"}')) as api:
        point_to(stored, api)
        html = operator.post(
            post_url(site), tried("lookup", **{"trial-uses": "saved"})
        ).content.decode()
    assert "Ignore HTTP response codes" in html
    assert "chip-bad" in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("operation", "changes", "sentence"),
    [
        ("lookup", {"trial-email": ""}, "Type what the look-up sends: email or phone."),
        ("lookup", {"generic-lookup_url": ""}, "Enter the Get/Lookup Contact API Endpoint URL"),
        ("write", {"generic-write_url": ""}, "Enter the Create/Update Contact API Endpoint URL"),
        ("write", {"trial-email": "", "trial-name": "Jane"}, "Type an e-mail address"),
        ("lookup", {"trial-uses": "saved"}, "Nothing is saved yet"),
        ("lookup", {"generic-ignored_codes": "x"}, "Ignore HTTP response codes: “x” is no code"),
        ("lookup", {"generic-lookup_url": "gopher://x"}, "Get/Lookup Contact API Endpoint URL: "),
        ("lookup", {"trial-uses": "both"}, "Settings to use"),
    ],
)
def test_what_cannot_be_tried_says_why(
    operator: Client, site: Site, operation: str, changes: dict[str, str], sentence: str
) -> None:
    html = operator.post(post_url(site), tried(operation, **changes)).content.decode()
    assert sentence in html
    assert "Not tried" in html
    assert not ApiCall.objects.exists()


def test_options_of_the_test_contact_are_sent_as_their_type(
    operator: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    point_to(stored, api)
    GenericApi.objects.update(
        custom_options=[
            {"key": "pets", "label": "Pets", "type": "choices", "values": ["Dog", "Cat"]},
            {"key": "news", "label": "News", "type": "boolean"},
            {"key": "size", "label": "Size", "type": "number"},
        ]
    )
    contact = {
        "trial-uses": "saved",
        "trial-option-pets": ["Cat"],
        "trial-option-news": "no",
        "trial-option-size": "42",
    }
    operator.post(post_url(site), tried("write", **contact))
    sent = {"email": "jane@example.com", "pets": ["Cat"], "news": False, "size": 42}
    assert api.requests[0].json() == sent
    bad = operator.post(post_url(site), tried("write", **contact | {"trial-option-size": "big"}))
    assert "Size must be a number" in bad.content.decode()
    assert len(api.requests) == 1


def test_try_without_scripts_brings_the_page_back_with_the_answer(
    operator: Client, site: Site, api: HostileApi
) -> None:
    given = tried(
        "lookup", **{"generic-lookup_url": api.url("/typed"), "generic-header_value": CANARY}
    )
    del given["fragment"]
    response = operator.post(post_url(site), given)
    html = response.content.decode()
    assert "<html" in html
    assert api.url("/typed") in html
    assert "Request as sent" in html
    assert 'value="jane@example.com"' in html
    assert 'id="section-generic" open' in html
    assert "canary" not in html


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_api_is_called(
    client: Client, site: Site, stored: GenericApi, member: MakeMember, monkeypatch: Any
) -> None:
    seen = []

    def spying(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return send(*args, **kwargs)

    monkeypatch.setattr("integrations.generic_api.client.send", spying)
    client.force_login(member(Role.OPERATOR))
    with HostileApi(answers(404)) as api:
        point_to(stored, api)
        client.post(post_url(site), tried("lookup", **{"trial-uses": "saved"}))
    assert seen == [False]


# -- what the section shows ------------------------------------------------------------------------


def test_closed_section_says_how_it_does(operator: Client, site: Site, stored: GenericApi) -> None:
    GenericApi.objects.update(is_active=True, verify_tls=False)
    html = operator.get(page_url(site)).content.decode()
    summary = html[html.index('id="section-generic"') :].partition("</summary>")[0]
    assert "open" not in summary.partition(">")[0]
    assert "Generic" in summary
    assert "Active" in summary
    assert "Certificate not checked" in summary


def test_section_tells_how_the_last_day_went(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    GenericApiHour.objects.create(site=site, hour=hour, succeeded=198, ignored=1)
    failed = ApiCall(
        site=site, at=now, direction="sent", operation="lookup", purpose="submission",
        outcome="blocked", reason="The API answered 403.", status_code=403, method="GET",
        url="https://api.example.com/", duration_ms=5,
    )  # fmt: skip
    call_record(failed)
    html = operator.get(page_url(site)).content.decode()
    assert "Last 24 hours: 198 succeeded, 1 ignored, 1 failed" in html
    assert "<strong>99%</strong>" in html
    assert "The API answered 403." in html
    for name in ("integrations_apicall", "onsite_submission"):
        assert f'href="{reverse(f"admin:{name}_changelist")}?site={site.pk}"' in html


def test_served_values_stand_in_the_vendors_order_without_the_secret(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    assert "Serve this API to Onsite" not in operator.get(page_url(site)).content.decode()
    GenericApi.objects.update(is_served=True)
    html = operator.get(page_url(site)).content.decode()
    panel = html[html.index("Serve this API to Onsite") :]
    assert f"/generic/{site.public_id}/contacts" in panel
    places = [panel.index(f"<dt>{label}") for label in ("Get/Lookup", "Create/Update", "Email Key")]
    assert places == sorted(places)
    assert "the value you set" in panel
    assert "canary" not in html


# -- on and off ------------------------------------------------------------------------------------


def test_it_is_switched_on_and_off_without_the_form(
    operator: Client, site: Site, stored: GenericApi
) -> None:
    assert "Switch on" in operator.get(page_url(site)).content.decode()
    response = operator.post(post_url(site), {"action": "switch-on"}, follow=True)
    assert "looked up in the retailer&#x27;s API" in response.content.decode()
    assert "Switch off" in response.content.decode()
    assert GenericApi.objects.get().is_active
    # What was allowed when it was saved may be refused by now: off works all the same.
    GenericApi.objects.update(lookup_url="http://example.com:9/")
    operator.post(post_url(site), {"action": "switch-off"})
    assert not GenericApi.objects.get().is_active
    refused = operator.post(post_url(site), {"action": "switch-on"}, follow=True)
    assert (
        "Not switched on. Get/Lookup Contact API Endpoint URL: Port 9 is not allowed"
        in refused.content.decode()
    )


def test_a_try_is_in_the_audit_log(
    operator: Client, site: Site, stored: GenericApi, api: HostileApi
) -> None:
    point_to(stored, api)
    operator.post(post_url(site), tried("lookup", **{"trial-uses": "saved"}))
    entry = AuditEntry.objects.latest("pk")
    call = ApiCall.objects.get()
    assert (entry.action, entry.object_id) == ("generic_api.tried", str(call.pk))
    assert entry.changes["outcome"] == ["", "found"]
    assert "jane" not in str(entry.changes)
