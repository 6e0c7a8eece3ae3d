"""The pages of API keys: the secret once, roles, dates as people type them, revoking."""

from __future__ import annotations

import html
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sites.admin.api_key_form import last_day
from sites.admin.api_key_usage import share_text
from sites.api_keys.scope_table import RESOURCES, scope_words
from sites.api_keys.services import secret_hash
from sites.models import ApiKey, ApiKeyHour, AuditEntry, Role, Scope, Site, User
from tests.conftest import MakeMember
from tests.factories import API_KEY_SECRET, ApiKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db

LIST = "admin:sites_apikey_changelist"
ADD = "admin:sites_apikey_add"


def page_of(key: ApiKey) -> str:
    return reverse("admin:sites_apikey_change", args=[key.pk])


def revoking(key: ApiKey) -> str:
    return reverse("admin:sites_apikey_revoke", args=[key.pk])


def filled(on: Site, **given: Any) -> dict[str, Any]:
    values = {"site": on.pk, "name": "Web shop", "scopes": ["onsite:write"],
              "allowed_networks": "", "last_day": ""}  # fmt: skip
    return values | given


def text_of(response: Any) -> str:
    return str(response.content.decode())


# -- making --------------------------------------------------------------------------------------


def test_the_secret_is_shown_once_with_a_ready_header(admin: Client, site: Site) -> None:
    response = admin.post(reverse(ADD), filled(site))
    text = text_of(response)
    key = ApiKey.objects.get()
    found = re.search(rf"Authorization: ApiKey {key.key_id}:([0-9A-Za-z]{{40}})", text)
    assert found is not None
    assert secret_hash(found[1]) == key.secret_hash
    assert f"/onsite/{site.public_id}/submissions" in text
    assert "no-store" in response["Cache-Control"]
    later = [LIST, "admin:index", "admin:sites_auditentry_changelist"]
    pages = [reverse(name) for name in later] + [page_of(key), revoking(key)]
    for url in pages:
        shown = text_of(admin.get(url))
        assert found[1] not in shown, url
        assert key.secret_hash not in shown, url
    for entry in AuditEntry.objects.all():
        assert found[1] not in str(entry.changes)


@pytest.mark.parametrize(
    ("scope", "sentences"),
    [
        (Scope.CONTACTS_READ, {"An answer of 200"}),
        (Scope.CONTACTS_WRITE, set()),
        (Scope.CUSTOM_EVENTS_WRITE, {"page of each reception event"}),
        (Scope.ONSITE_WRITE, {"An answer of 422"}),
    ],
)
def test_what_to_try_is_what_the_key_may(
    admin: Client, site: Site, scope: Scope, sentences: set[str]
) -> None:
    every = {"An answer of 200", "An answer of 422", "page of each reception event"}
    text = text_of(admin.post(reverse(ADD), filled(site, scopes=[scope])))
    assert {sentence for sentence in every if sentence in text} == sentences


@pytest.mark.parametrize(
    ("scope", "status"), [(Scope.CONTACTS_READ, 200), (Scope.ONSITE_WRITE, 422)]
)
def test_the_command_to_try_answers_as_the_page_says(
    admin: Client, site: Site, scope: Scope, status: int
) -> None:
    text = html.unescape(text_of(admin.post(reverse(ADD), filled(site, scopes=[scope]))))
    found = re.search(r"curl -i -H 'Authorization: ([^']+)'([^<]*)", text)
    assert found is not None
    path = "/" + found[2].split()[-1].partition("://")[2].partition("/")[2]
    client = Client(headers={"Authorization": found[1]})
    sends = "--data-raw {}" in found[2].replace("'", "")
    response = client.post(path, "{}", "application/json") if sends else client.get(path)
    assert response.status_code == status


def test_loading_the_answer_again_makes_no_second_key(admin: Client, site: Site) -> None:
    admin.post(reverse(ADD), filled(site))
    response = admin.post(reverse(ADD), filled(site))
    assert "has this name" in text_of(response)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"allowed_networks": "shop.example.com"}, "neither an IP address nor a network"),
        ({"last_day": "2001-01-01"}, "Choose a time in the future"),
        ({"last_day": "9999-12-31"}, "less than or equal to"),
        ({"last_day": "soon"}, "Enter a valid date"),
        ({"site": "0"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    admin: Client, site: Site, given: dict[str, Any], sentence: str
) -> None:
    response = admin.post(reverse(ADD), filled(site, **given))
    assert sentence in text_of(response)
    assert not ApiKey.objects.exists()


def test_addresses_are_taken_as_people_paste_them(admin: Client, site: Site) -> None:
    pasted = "192.0.2.7, 10.0.0.0/8\r\n2001:DB8::1;192.0.2.7"
    admin.post(reverse(ADD), filled(site, allowed_networks=pasted))
    assert ApiKey.objects.get().allowed_networks == ["192.0.2.7", "10.0.0.0/8", "2001:db8::1"]


def test_the_table_says_that_contacts_bring_their_segments(admin: Client, site: Site) -> None:
    assert "the segments they are in" in text_of(admin.get(reverse(ADD)))


def test_an_admin_adds_only_to_sites_of_their_own(admin: Client, site: Site) -> None:
    other = SiteFactory.create(name="Somebody else's")
    assert "Somebody else" not in text_of(admin.get(reverse(ADD)))
    admin.post(reverse(ADD), filled(other))
    assert not ApiKey.objects.exists()


# -- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("UTC", datetime(2027, 3, 29, tzinfo=UTC)),
        ("Europe/Stockholm", datetime(2027, 3, 28, 22, tzinfo=UTC)),  # the night of summer time
        ("Pacific/Auckland", datetime(2027, 3, 28, 11, tzinfo=UTC)),
    ],
)
def test_the_last_day_ends_by_the_clock_of_the_site(
    client: Client, member: MakeMember, site: Site, zone: str, instant: datetime
) -> None:
    Site.objects.update(time_zone=zone)
    with time_machine.travel("2027-01-01T12:00:00Z", tick=False):
        client.force_login(member(Role.ADMIN))
        client.post(reverse(ADD), filled(site, last_day="2027-03-28"))
        key = ApiKey.objects.get()
        assert key.expires_at == instant
        assert last_day(key.expires_at, key.site) == date(2027, 3, 28)
        assert 'value="2027-03-28"' in text_of(client.get(page_of(key)))


def test_saving_an_untouched_form_changes_nothing(admin: Client, site: Site) -> None:
    instant = timezone.now() + timedelta(days=3)
    key = ApiKeyFactory.create(site=site, expires_at=instant, allowed_networks=["192.0.2.7"])
    form = admin.get(page_of(key)).context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    response = admin.post(page_of(key), values)
    assert response.status_code == 302
    assert ApiKey.objects.get().expires_at == instant
    assert not AuditEntry.objects.filter(action="api_key.updated").exists()


# -- changing and revoking -----------------------------------------------------------------------


def test_a_key_is_changed(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site, scopes=[Scope.ONSITE_WRITE])
    admin.post(page_of(key), filled(site, name="Campaigns", allowed_networks="192.0.2.0/24"))
    stored = ApiKey.objects.get()
    assert (stored.name, stored.allowed_networks) == ("Campaigns", ["192.0.2.0/24"])
    entry = AuditEntry.objects.get(action="api_key.updated")
    assert set(entry.changes) == {"name", "allowed_networks"}


def test_what_was_typed_wrong_stays_in_the_form(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site, name="Stored name")
    response = admin.post(page_of(key), filled(site, name="Typed", allowed_networks="nowhere"))
    text = text_of(response)
    assert 'value="Typed"' in text
    assert "<h1>Stored name</h1>" in text
    assert ApiKey.objects.get().name == "Stored name"


def test_revoking_asks_first_and_is_final(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site)
    assert "refused from this moment on" in text_of(admin.get(revoking(key)))
    assert ApiKey.objects.get().revoked_at is None
    admin.post(revoking(key))
    first = ApiKey.objects.get().revoked_at
    assert first is not None
    assert admin.post(page_of(key), filled(site)).status_code == 403
    assert "was revoked already" in text_of(admin.get(revoking(key), follow=True))
    admin.post(revoking(key))
    assert ApiKey.objects.get().revoked_at == first
    assert "<form" not in text_of(admin.get(page_of(key))).partition('id="content"')[2]


def test_no_key_is_deleted(admin: Client, superuser: User, site: Site) -> None:
    key = ApiKeyFactory.create(site=site)
    url = reverse("admin:sites_apikey_delete", args=[key.pk])
    assert admin.post(url, {"post": "yes"}).status_code == 403
    admin.force_login(superuser)
    assert admin.post(url, {"post": "yes"}).status_code == 403
    assert ApiKey.objects.exists()


# -- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN])
def test_what_each_role_sees_and_may(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    key = ApiKeyFactory.create(site=site, name="Web shop", allowed_networks=["192.0.2.7"])
    client.force_login(member(role))
    for url in (reverse(LIST), page_of(key)):
        text = text_of(client.get(url))
        assert "Web shop" in text
        assert ("192.0.2.7" in text) is role.includes(Role.OPERATOR)
        assert API_KEY_SECRET not in text
    may = role is Role.ADMIN
    assert (key.key_id in text_of(client.get(page_of(key)))) is role.includes(Role.OPERATOR)
    assert client.get(reverse(ADD)).status_code == (200 if may else 403)
    assert client.post(reverse(ADD), filled(site, name="New")).status_code == (200 if may else 403)
    assert client.post(page_of(key), filled(site)).status_code == (302 if may else 403)
    assert client.get(revoking(key)).status_code == (200 if may else 403)
    assert client.post(revoking(key)).status_code == (302 if may else 403)
    assert (ApiKey.objects.get(pk=key.pk).revoked_at is not None) is may


def test_revoking_needs_the_token_of_the_form(member: MakeMember, site: Site) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.ADMIN))
    key = ApiKeyFactory.create(site=site)
    assert strict.post(revoking(key)).status_code == 403
    assert ApiKey.objects.get().revoked_at is None


# -- the list ------------------------------------------------------------------------------------


@pytest.fixture
def keys(site: Site) -> dict[str, ApiKey]:
    now = timezone.now()
    return {
        "active": ApiKeyFactory.create(site=site, name="key-for-good"),
        "later": ApiKeyFactory.create(
            site=site, name="key-later", expires_at=now + timedelta(days=90)
        ),
        "soon": ApiKeyFactory.create(
            site=site, name="key-soon", expires_at=now + timedelta(days=2)
        ),
        "expired": ApiKeyFactory.create(
            site=site, name="key-expired", expires_at=now - timedelta(days=2)
        ),
        "revoked": ApiKeyFactory.create(site=site, name="key-revoked", revoked_at=now),
    }


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("", {"active", "later", "soon", "expired", "revoked"}),
        ("active", {"active", "later", "soon"}),
        ("soon", {"soon"}),
        ("expired", {"expired"}),
        ("revoked", {"revoked"}),
        ("no-such", set()),
    ],
)
def test_the_list_narrows_to_a_state(
    admin: Client, keys: dict[str, ApiKey], state: str, names: set[str]
) -> None:
    text = text_of(admin.get(reverse(LIST), {"state": state}))
    assert {name for name, key in keys.items() if key.name in text} == names


def test_each_state_has_its_word(admin: Client, keys: dict[str, ApiKey]) -> None:
    words = {"active": "Active", "later": "Active", "soon": "Expires soon",
             "expired": "Expired", "revoked": "Revoked"}  # fmt: skip
    for name, key in keys.items():
        assert f"</span>{words[name]}</span>" in text_of(admin.get(page_of(key)))


def test_the_empty_list_says_what_to_do(admin: Client) -> None:
    assert "lets another system" in text_of(admin.get(reverse(LIST)))


def test_a_scope_of_a_later_version_is_shown_as_it_is(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site, scopes=["segments:read", Scope.ONSITE_WRITE])
    assert "Onsite: write; segments:read" in text_of(admin.get(reverse(LIST)))
    assert admin.get(page_of(key)).status_code == 200


def test_the_pages_escape_what_people_typed(admin: Client, site: Site) -> None:
    name = f"<script>{uuid.uuid4()}</script>"
    key = ApiKeyFactory.create(site=site, name=name)
    for url in (reverse(LIST), page_of(key), revoking(key)):
        assert name not in text_of(admin.get(url))


# -- scopes as a table ---------------------------------------------------------------------------


def test_every_scope_has_one_cell() -> None:
    cells = [scope for resource in RESOURCES for scope in resource.scopes if scope]
    assert sorted(cells) == sorted(Scope)


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        ([], "Nothing"),
        ([Scope.CONTACTS_WRITE], "Contacts: write"),
        (
            [Scope.ONSITE_WRITE, Scope.CONTACTS_WRITE, Scope.CONTACTS_READ],
            "Contacts: read and write; Onsite: write",
        ),
    ],
)
def test_what_a_key_may_is_told_in_words(scopes: list[str], words: str) -> None:
    assert scope_words(scopes) == words


def test_the_table_shows_and_stores_what_is_ticked(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site, scopes=[Scope.CONTACTS_READ, Scope.ONSITE_WRITE])
    boxes = re.findall(
        r'name="scopes" value="([^"]+)"[^>]*?( checked)?>', text_of(page(admin, key))
    )
    assert sorted(boxes) == [
        ("consents:read", ""),
        ("consents:write", ""),
        ("contacts:read", " checked"),
        ("contacts:write", ""),
        ("custom-events:write", ""),
        ("loyalty:read", ""),
        ("loyalty:write", ""),
        ("management:read", ""),
        ("management:write", ""),
        ("onsite:write", " checked"),
    ]
    admin.post(page_of(key), filled(site, scopes=["custom-events:write", "contacts:read"]))
    assert ApiKey.objects.get().scopes == [Scope.CONTACTS_READ, Scope.CUSTOM_EVENTS_WRITE]
    assert "Contacts: read; Custom events: write" in text_of(admin.get(reverse(LIST)))


# -- use -----------------------------------------------------------------------------------------


def page(client: Client, key: ApiKey) -> Any:
    return client.get(page_of(key))


def used(key: ApiKey, **counts: int) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for status, count in counts.items():
        ApiKeyHour.objects.create(key=key, hour=hour, status=int(status[1:]), count=count)


def test_the_page_shows_the_last_24_hours_by_status(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(site=site)
    assert "A request appears here" in text_of(page(admin, key))
    used(key, s201=1996, s422=3, s500=1)
    rows = re.findall(r"<tr><td>(.*?)</tr>", text_of(page(admin, key)))
    words = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert [row.partition(" ")[2] for row in words] == [
        "201 Created 1,996 99.8%",
        "422 Unprocessable Content 3 0.1%",
        "500 Internal Server Error 1 &lt;0.1%",
    ]
    assert re.search(r'class="field-requests">2,000 requests<', text_of(admin.get(reverse(LIST))))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN])
def test_where_a_key_was_used_from_is_for_operators(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    key = ApiKeyFactory.create(
        site=site, last_used_at=timezone.now(), last_used_from="198.51.100.9"
    )
    used(key, s200=7)
    client.force_login(member(role))
    for url in (reverse(LIST), page_of(key)):
        assert ("198.51.100.9" in text_of(client.get(url))) is role.includes(Role.OPERATOR)
    assert "200" in text_of(client.get(page_of(key)))


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.0004, "<0.1%"), (0.125, "12.5%"), (0.9999, ">99.9%"), (1.0, "100%")],
)
def test_a_share_is_never_rounded_away(share: float, text: str) -> None:
    assert share_text(share) == text


# -- rotation ------------------------------------------------------------------------------------


def test_a_successor_starts_with_what_the_key_may(admin: Client, site: Site) -> None:
    key = ApiKeyFactory.create(
        site=site, name="Web shop", scopes=[Scope.CONTACTS_READ], allowed_networks=["192.0.2.7"]
    )
    url = f"{reverse(ADD)}?like={key.pk}"
    assert url in text_of(page(admin, key))
    form = admin.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert values == {"site": site.pk, "name": "", "scopes": ["contacts:read"],
                      "allowed_networks": "192.0.2.7", "last_day": None}  # fmt: skip
    admin.post(url, filled(site, name="Web shop 2"))
    assert ApiKey.objects.filter(revoked_at=None).count() == 2


def test_a_successor_of_another_sites_key_is_not_shown(admin: Client) -> None:
    other = ApiKeyFactory.create(allowed_networks=["192.0.2.7"])
    assert admin.get(f"{reverse(ADD)}?like={other.pk}").status_code == 404
    assert admin.get(f"{reverse(ADD)}?like=x").status_code == 404


# -- the site's page -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_the_sites_page_leads_to_its_keys(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    client.force_login(member(role))
    url = reverse("admin:sites_site_change", args=[site.pk])
    assert "No API key" in text_of(client.get(url))
    key = ApiKeyFactory.create(site=site, name="Web shop", allowed_networks=["192.0.2.7"])
    ApiKeyFactory.create(site=site, name="Ended", revoked_at=timezone.now())
    ApiKeyFactory.create(name="Somebody else's")
    used(key, s200=1200)
    text = text_of(client.get(url))
    assert "API and IP access" in text
    assert "1 API key, 1,200 requests in 24 h" in text
    assert page_of(key) in text
    assert "1 revoked" in text
    assert "Ended" not in text
    assert "Somebody else" not in text
    assert ("192.0.2.7" in text) is role.includes(Role.OPERATOR)
    creating = f'href="{reverse(ADD)}?site={site.pk}">Create new API key</a>'
    assert (creating in text) is role.includes(Role.ADMIN)
