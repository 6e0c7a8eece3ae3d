"""The pages of sources: chosen, added, changed, revealed and tried, by role."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from integrations.registry import offered_presets
from sites.models import AuditEntry, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import ReceptionEventFactory, SiteFactory, SourceFactory
from webhooks.inbound.models import ReceivedEvent, Source, SourceHour

SECRET = "whsec_" + base64.b64encode(b"a secret of 32 bytes, at least. ").decode()
NEWER = "whsec_" + base64.b64encode(b"another secret, 32 bytes as well").decode()
BASICS = {"name": "Engage", "is_active": "on", "throttle_per_second": "2000"}
SWITCHED_OFF = {"name": "Engage", "throttle_per_second": "2000"}
TOKEN = "token-with-24-characters-or-more"


def add_url(site: Site, preset_key: str = "") -> str:
    query = f"?site={site.pk}" + (f"&preset={preset_key}" if preset_key else "")
    return reverse("admin:webhooks_source_add") + query


def change_url(source: Source) -> str:
    return reverse("admin:webhooks_source_change", args=[source.pk])


def unescaped(html: str) -> str:
    return html.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")


@pytest.fixture
def engage(site: Site) -> Source:
    return SourceFactory.create(
        site=site, preset_key="voyado_engage", name="Engage", secrets={"signing_secrets": [SECRET]}
    )


@pytest.fixture
def token_source(site: Site) -> Source:
    return SourceFactory.create(
        site=site,
        preset_key="ongage",
        name="Ongage",
        settings={"verification": "token_query", "token_parameter": "token"},
        secrets={"tokens": [TOKEN]},
    )


# -- adding ----------------------------------------------------------------------------------------


def test_presets_are_offered_as_cards_with_their_summary(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    html = client.get(add_url(site)).content.decode()
    for preset in offered_presets():
        assert preset.label in html
        assert f"?site={site.pk}&amp;preset={preset.key}" in html


def test_site_is_chosen_first_where_there_are_several(client: Client, superuser: User) -> None:
    sites = [SiteFactory.create(), SiteFactory.create()]
    client.force_login(superuser)
    html = client.get(reverse("admin:webhooks_source_add")).content.decode()
    for site in sites:
        assert f'href="?site={site.pk}"' in html


def test_form_shows_what_the_preset_declares(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    for preset in offered_presets():
        html = unescaped(client.get(add_url(site, preset.key)).content.decode())
        for field in preset.settings_fields:
            assert field.label in html
            assert f'name="setting-{field.key}' in html


def test_fields_of_other_modes_say_when_they_are_shown(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    html = client.get(add_url(site, "generic_json")).content.decode()
    assert 'data-shown-when="setting-verification=token_header|token_query"' in html


def test_operator_adds_an_engage_source_with_its_first_secret(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.OPERATOR))
    given = BASICS | {"setting-signing_secrets": SECRET}
    response = client.post(add_url(site, "voyado_engage"), given)
    source = Source.objects.get()
    assert response.headers["Location"] == change_url(source)
    assert source.secrets == {"signing_secrets": [SECRET]}
    html = client.get(change_url(source)).content.decode()
    assert source.reception_path in html
    assert SECRET not in html


def test_new_engage_source_starts_with_the_tenant_of_its_site(
    client: Client, superuser: User, site: Site
) -> None:
    Site.objects.filter(pk=site.pk).update(tenant_name="acme-tenant")
    client.force_login(superuser)
    form = client.get(add_url(site, "voyado_engage")).context["form"]
    assert form["setting-tenant"].value() == "acme-tenant"
    other = client.get(add_url(site, "generic_json")).content.decode()
    assert "acme-tenant" not in other


def test_missing_secret_is_said_beside_its_field(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    response = client.post(add_url(site, "voyado_engage"), BASICS)
    assert "Signing secrets must not be empty" in response.content.decode()
    assert not Source.objects.exists()


def test_source_that_is_switched_off_may_wait_for_its_secret(
    client: Client, site: Site, member: MakeMember
) -> None:
    client.force_login(member(Role.OPERATOR))
    refused = client.post(add_url(site, "voyado_engage"), BASICS).content.decode()
    assert "save the source switched off: the address comes next" in refused
    client.post(add_url(site, "voyado_engage"), SWITCHED_OFF)
    source = Source.objects.get()
    assert (source.is_active, source.secrets) == (False, {})
    html = client.get(change_url(source)).content.decode()
    assert "Waits for its secret" in html
    assert source.reception_path in html
    assert "Nothing to sign with yet" in html

    early = client.post(change_url(source), BASICS).content.decode()
    assert "Signing secrets must not be empty" in early
    client.post(change_url(source), BASICS | {"setting-signing_secrets": SECRET})
    source.refresh_from_db()
    assert (source.is_active, source.secrets) == (True, {"signing_secrets": [SECRET]})
    html = client.get(change_url(source)).content.decode()
    assert "Waits for its secret" not in html
    # From now on it is for admins to change it.
    assert "setting-signing_secrets" not in html


def test_source_that_is_switched_off_takes_no_secret_that_is_none(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    given = SWITCHED_OFF | {"setting-signing_secrets": "not a secret"}
    response = client.post(add_url(site, "voyado_engage"), given)
    assert response.status_code == 200
    assert not Source.objects.exists()


def test_refused_form_does_not_give_the_typed_secret_back(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    given = BASICS | {"name": "", "setting-signing_secrets": SECRET}
    response = client.post(add_url(site, "voyado_engage"), given)
    assert response.status_code == 200
    assert SECRET not in response.content.decode()


def test_generated_token_is_shown_once(client: Client, superuser: User, site: Site) -> None:
    client.force_login(superuser)
    given = BASICS | {
        "name": "Ongage",
        "setting-verification": "token_query",
        "setting-token_parameter": "token",
        "setting-tokens-generate": "on",
    }
    response = client.post(add_url(site, "ongage"), given)
    source = Source.objects.get()
    html = response.content.decode()
    (token,) = source.secrets["tokens"]
    assert token in html
    assert f"{source.reception_path}?token={token}" in html
    assert "no-store" in response.headers["Cache-Control"]
    assert token not in client.get(change_url(source)).content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_lesser_roles_cannot_add(
    client: Client, site: Site, member: MakeMember, role: Role
) -> None:
    client.force_login(member(role))
    assert client.get(add_url(site)).status_code == 403
    assert client.post(add_url(site, "ongage"), BASICS).status_code == 403


def test_source_cannot_be_added_to_a_site_of_others(
    client: Client, member: MakeMember, site: Site
) -> None:
    elsewhere = SiteFactory.create()
    client.force_login(member(Role.ADMIN))
    given = BASICS | {"setting-signing_secrets": SECRET}
    assert client.post(add_url(elsewhere, "voyado_engage"), given).status_code == 404
    assert not Source.objects.exists()


# -- changing --------------------------------------------------------------------------------------


def test_untouched_form_changes_nothing(client: Client, superuser: User, engage: Source) -> None:
    client.force_login(superuser)
    given = {"name": engage.name, "is_active": "on", "throttle_per_second": "2000"}
    assert client.post(change_url(engage), given).status_code == 302
    engage.refresh_from_db()
    assert engage.secrets == {"signing_secrets": [SECRET]}
    assert not AuditEntry.objects.filter(action="source.updated").exists()


def test_new_secret_comes_first_and_the_old_one_stays(
    client: Client, superuser: User, engage: Source
) -> None:
    client.force_login(superuser)
    client.post(change_url(engage), BASICS | {"setting-signing_secrets": NEWER})
    engage.refresh_from_db()
    assert engage.secrets["signing_secrets"] == [NEWER, SECRET]
    html = client.get(change_url(engage)).content.decode()
    assert "2 set. They are not shown here." in html
    assert SECRET not in html
    assert NEWER not in html


def test_old_secret_is_retired_by_its_box(client: Client, superuser: User, engage: Source) -> None:
    engage.secrets = {"signing_secrets": [NEWER, SECRET]}
    engage.save()
    client.force_login(superuser)
    html = client.get(change_url(engage)).content.decode()
    boxes = re.findall(r'name="setting-signing_secrets-retire" value="(\w+)"', html)
    client.post(change_url(engage), BASICS | {"setting-signing_secrets-retire": boxes[1]})
    engage.refresh_from_db()
    assert engage.secrets["signing_secrets"] == [NEWER]


def test_last_needed_secret_cannot_be_retired(
    client: Client, superuser: User, engage: Source
) -> None:
    client.force_login(superuser)
    html = client.get(change_url(engage)).content.decode()
    (box,) = re.findall(r'name="setting-signing_secrets-retire" value="(\w+)"', html)
    response = client.post(change_url(engage), BASICS | {"setting-signing_secrets-retire": box})
    assert "Signing secrets must not be empty" in response.content.decode()
    engage.refresh_from_db()
    assert engage.secrets["signing_secrets"] == [SECRET]


def test_operator_changes_settings_but_no_secret(
    client: Client, engage: Source, member: MakeMember
) -> None:
    client.force_login(member(Role.OPERATOR))
    html = client.get(change_url(engage)).content.decode()
    assert "setting-signing_secrets" not in html
    assert "Reveal" not in html
    given = BASICS | {"setting-tenant": "nordic", "setting-signing_secrets": NEWER}
    assert client.post(change_url(engage), given).status_code == 302
    engage.refresh_from_db()
    assert engage.settings["tenant"] == "nordic"
    assert engage.secrets["signing_secrets"] == [SECRET]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_lesser_roles_see_how_it_does_and_nothing_to_send_with(
    client: Client, engage: Source, member: MakeMember, role: Role
) -> None:
    client.force_login(member(role))
    html = client.get(change_url(engage)).content.decode()
    assert "Every request must carry" in html
    assert engage.reception_path not in html
    assert "svix-signature" not in html
    assert 'id="settings"' not in html
    assert client.post(change_url(engage), BASICS).status_code == 403


def test_source_of_another_site_is_not_there(client: Client, member: MakeMember) -> None:
    elsewhere = SourceFactory.create()
    client.force_login(member(Role.ADMIN))
    for name in ("change", "delete", "history", "reveal", "try"):
        url = reverse(f"admin:webhooks_source_{name}", args=[elsewhere.pk])
        response = client.post(url, BASICS)
        assert response.status_code in (302, 404), name
        if response.status_code == 302:
            assert response.headers["Location"] == reverse("admin:index")
    listed = client.get(reverse("admin:webhooks_source_changelist")).content.decode()
    assert elsewhere.name not in listed
    assert Source.objects.filter(pk=elsewhere.pk).exists()


def test_unsigned_source_bears_a_warning_with_the_reason(
    client: Client, superuser: User, site: Site
) -> None:
    source = SourceFactory.create(
        site=site,
        settings={
            "verification": "none",
            "unsigned_reason": "The till cannot sign.",
            "email_pointer": "/email",
        },
    )
    client.force_login(superuser)
    for url in (change_url(source), reverse("admin:webhooks_source_changelist")):
        html = client.get(url).content.decode()
        assert "Not verified" in html
        assert "The till cannot sign." in html


def test_page_counts_the_last_day_and_links_to_its_lists(
    client: Client, superuser: User, engage: Source
) -> None:
    hour = engage.created_at.replace(minute=0, second=0, microsecond=0)
    SourceHour.objects.create(source=engage, hour=hour, processed=40, failed=2, rejected=58)
    client.force_login(superuser)
    html = client.get(change_url(engage)).content.decode()
    assert "last 24 hours: 42 received, 2 failed, 58 rejected" in html
    assert "Failing" in html
    for name in ("receivedevent", "rejectedrequest"):
        assert f"{reverse(f'admin:webhooks_{name}_changelist')}?source={engage.pk}" in html


def test_admin_deletes_a_source_and_an_operator_cannot(engage: Source, member: MakeMember) -> None:
    url = reverse("admin:webhooks_source_delete", args=[engage.pk])
    operator, admin = Client(), Client()
    operator.force_login(member(Role.OPERATOR))
    admin.force_login(member(Role.ADMIN))
    assert operator.post(url, {"post": "yes"}).status_code == 403
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not Source.objects.exists()
    assert AuditEntry.objects.filter(action="source.deleted").exists()


# -- connecting ------------------------------------------------------------------------------------


def test_curl_line_carries_a_signature_and_not_the_secret(
    client: Client, superuser: User, engage: Source
) -> None:
    client.force_login(superuser)
    url = change_url(engage) + "?sample=contact.created.json"
    html = unescaped(client.get(url).content.decode())
    assert re.search(r"curl .*'svix-signature: v1,[\w+/=]+'", html)
    assert '"eventType": "contact.created"' in html
    assert SECRET.removeprefix("whsec_") not in html


def test_url_and_curl_mask_a_token_until_it_is_revealed(
    client: Client, superuser: User, token_source: Source
) -> None:
    client.force_login(superuser)
    html = client.get(change_url(token_source)).content.decode()
    assert TOKEN not in html
    assert "?token=•••" in html
    assert "token=YOUR-SECRET" in html
    revealed = client.post(reverse("admin:webhooks_source_reveal", args=[token_source.pk]))
    assert f"{token_source.reception_path}?token={TOKEN}" in revealed.content.decode()
    assert "no-store" in revealed.headers["Cache-Control"]
    entry = AuditEntry.objects.get(action="source.revealed")
    assert entry.actor == superuser
    assert TOKEN not in str(entry.changes)


def test_setup_notes_name_the_address(client: Client, superuser: User, engage: Source) -> None:
    client.force_login(superuser)
    html = client.get(change_url(engage)).content.decode()
    notes = html.partition('id="setup"')[2]
    assert "<strong>Svix portal</strong>" in notes
    assert f"{engage.reception_path}</code>" in notes
    assert "{url}" not in html


@pytest.mark.parametrize(
    ("name", "needed", "refused"),
    [("reveal", Role.ADMIN, Role.OPERATOR), ("try", Role.OPERATOR, Role.SUPPORT)],
)
def test_pages_of_a_source_take_posts_of_their_role(
    engage: Source, member: MakeMember, name: str, needed: Role, refused: Role
) -> None:
    url = reverse(f"admin:webhooks_source_{name}", args=[engage.pk])
    allowed, lesser, strict = Client(), Client(), Client(enforce_csrf_checks=True)
    allowed.force_login(member(needed))
    lesser.force_login(member(refused))
    strict.force_login(member(needed))
    assert allowed.get(url).status_code == 405
    assert lesser.post(url).status_code == 403
    assert strict.post(url).status_code == 403
    assert Client().post(url).status_code == 302
    assert allowed.post(url).status_code == 200


# -- trying ----------------------------------------------------------------------------------------


def tried(client: Client, source: Source, **given: Any) -> str:
    url = reverse("admin:webhooks_source_try", args=[source.pk])
    return unescaped(client.post(url, given).content.decode())


def test_trying_a_sample_shows_the_change_field_by_field_and_saves_nothing(
    client: Client, superuser: User, engage: Source
) -> None:
    client.force_login(superuser)
    html = tried(client, engage, sample="contact.created.json")
    assert "Would create a contact" in html
    assert re.search(r'<th scope="row">[^<]*email[^<]*</th>\s*<td class="before"[^>]*>—</td>', html)
    assert not Contact.objects.exists()
    assert not ReceivedEvent.objects.exists()


def test_trying_every_sample_of_every_preset_gives_a_page(
    client: Client, superuser: User, site: Site
) -> None:
    client.force_login(superuser)
    for preset in offered_presets():
        source = SourceFactory.create(site=site, preset_key=preset.key)
        for sample in preset.samples():
            assert "Nothing was saved" in tried(client, source, sample=sample.name)


def test_own_body_is_tried_and_a_broken_one_says_where(
    client: Client, superuser: User, site: Site
) -> None:
    source = SourceFactory.create(site=site, settings={"email_pointer": "/email"})
    client.force_login(superuser)
    html = tried(client, source, body='{"email": "jane@example.com"}')
    assert "jane@example.com" in html
    broken = tried(client, source, body='{"email": ')
    assert "BAD_JSON" in broken
    assert "line 1" in broken


def test_script_in_a_tried_body_stays_text(client: Client, superuser: User, site: Site) -> None:
    source = SourceFactory.create(site=site, settings={"email_pointer": "/email"})
    client.force_login(superuser)
    url = reverse("admin:webhooks_source_try", args=[source.pk])
    body = '{"email": "<script>alert(1)</script>"}'
    assert "<script>alert" not in client.post(url, {"body": body}).content.decode()


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({"active": "yes"}, "source-on"),
        ({"active": "no"}, "source-off"),
        ({"preset_key": "webengage"}, "source-off"),
    ],
)
def test_the_filters_of_the_list_narrow_it(
    client: Client, superuser: User, site: Site, query: dict[str, str], listed: str
) -> None:
    SourceFactory.create(site=site, name="source-on")
    SourceFactory.create(site=site, name="source-off", preset_key="webengage", is_active=False)
    client.force_login(superuser)
    response = client.get(reverse("admin:webhooks_source_changelist"), query)
    assert response.status_code == 200
    assert {"source-on", "source-off"} & set(re.findall(r"source-\w+", str(response.content))) == {
        listed
    }


def test_the_source_of_a_reception_event_is_changed_on_the_page_of_the_event(
    client: Client, superuser: User, member: MakeMember
) -> None:
    event = ReceptionEventFactory.create(name="ERP saved")
    client.force_login(superuser)
    listed = client.get(reverse("admin:webhooks_source_changelist")).content.decode()
    assert "ERP saved" not in listed
    assert "Reception event" not in client.get(add_url(event.site)).content.decode()
    assert client.get(add_url(event.site, "reception_event")).status_code == 404
    page = reverse("admin:webhooks_source_change", args=[event.source_id])
    settings = event.source.settings
    for answer in (client.get(page), client.post(page, {"name": "Mine"})):
        assert (answer.status_code, answer["Location"]) == (
            302,
            reverse("admin:webhooks_receptionevent_change", args=[event.pk]),
        )
    event.source.refresh_from_db()
    assert event.source.settings == settings
    for name in ("webhooks_source_delete", "webhooks_source_reveal", "webhooks_source_try"):
        url = reverse(f"admin:{name}", args=[event.source_id])
        assert client.post(url, {"post": "yes"}).status_code in (302, 404)
    assert Source.objects.filter(pk=event.source_id).exists()
    # To a member of another site the event does not exist.
    client.force_login(member(Role.ADMIN, SiteFactory.create()))
    assert "receptionevent" not in client.get(page).get("Location", "")
