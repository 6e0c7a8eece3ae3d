"""The pages of publishable keys: what to put into pages, roles, origins as typed, revoking."""

from __future__ import annotations

import html
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sites.models import AuditEntry, PublishableKey, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import PublishableKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db

LIST = "admin:sites_publishablekey_changelist"
ADD = "admin:sites_publishablekey_add"
SHOP = "https://shop.example.com"
ROLES = [Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN]


def page_of(key: PublishableKey) -> str:
    return reverse("admin:sites_publishablekey_change", args=[key.pk])


def revoking(key: PublishableKey) -> str:
    return reverse("admin:sites_publishablekey_revoke", args=[key.pk])


def filled(on: Site, **given: Any) -> dict[str, Any]:
    return {"site": on.pk, "name": "Web shop", "allowed_origins": SHOP} | given


def text_of(response: Any) -> str:
    return html.unescape(str(response.content.decode()))


# -- making --------------------------------------------------------------------------------------


def test_a_new_key_comes_with_the_tag_for_the_pages(admin: Client, site: Site) -> None:
    response = admin.post(reverse(ADD), filled(site))
    key = PublishableKey.objects.get()
    assert response["Location"] == page_of(key)
    tag = (
        f'<script src="http://localhost:8000/sdk/patchbay.js" data-site="{site.public_id}" '
        f'data-key="{key.key}" data-do-not-track="respect" defer></script>'
    )
    shown = admin.get(page_of(key)).content.decode()
    assert html.escape(tag) in shown
    # It is text to be copied, and loads nothing here.
    assert '<script src="http' not in shown
    assert "In a mobile app" not in shown


def test_a_key_of_apps_comes_with_the_address(admin: Client, site: Site) -> None:
    admin.post(reverse(ADD), filled(site, allowed_origins="", allows_apps="on"))
    key = PublishableKey.objects.get()
    text = text_of(admin.get(page_of(key)))
    assert f"http://localhost:8000/app/{site.public_id}/events?key={key.key}" in text
    assert "data-do-not-track" not in text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"allowed_origins": ""}, "Name the origin of a page"),
        ({"allowed_origins": "shop.example.com"}, "is no origin"),
        ({"allowed_origins": "http://shop.example.com"}, "is not encrypted"),
        ({"allowed_origins": f"{SHOP}/cart"}, "has more than an origin"),
        ({"allowed_origins": "https://*.com"}, "would let in everybody's pages"),
        ({"site": "0"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    admin: Client, site: Site, given: dict[str, Any], sentence: str
) -> None:
    assert sentence in text_of(admin.post(reverse(ADD), filled(site, **given)))
    assert not PublishableKey.objects.exists()


def test_a_name_that_is_taken_is_told(admin: Client, site: Site) -> None:
    PublishableKeyFactory.create(site=site, name="Web shop", revoked_at=timezone.now())
    assert "has this name" in text_of(admin.post(reverse(ADD), filled(site)))


def test_origins_are_taken_as_people_paste_them(admin: Client, site: Site) -> None:
    pasted = f"{SHOP}/, https://*.Example.org\r\nhttp://localhost:5173;{SHOP}"
    admin.post(reverse(ADD), filled(site, allowed_origins=pasted))
    assert PublishableKey.objects.get().allowed_origins == [
        SHOP,
        "https://*.example.org",
        "http://localhost:5173",
    ]


def test_an_admin_adds_only_to_sites_of_their_own(admin: Client, site: Site) -> None:
    other = SiteFactory.create(name="Somebody else's")
    assert "Somebody else" not in text_of(admin.get(reverse(ADD)))
    admin.post(reverse(ADD), filled(other))
    assert not PublishableKey.objects.exists()


def test_of_several_sites_none_is_chosen(client: Client, superuser: User, site: Site) -> None:
    other = SiteFactory.create(name="Second")
    client.force_login(superuser)
    assert client.get(reverse(ADD)).context["form"]["site"].value() == ""
    chosen = client.get(f"{reverse(ADD)}?site={other.pk}").context["form"]["site"].value()
    assert chosen == str(other.pk)


# -- changing and revoking -----------------------------------------------------------------------


def test_a_key_is_changed_and_stays_the_same_key(admin: Client, site: Site) -> None:
    key = PublishableKeyFactory.create(site=site)
    admin.post(page_of(key), filled(site, name="Campaigns", allows_apps="on", key="pk_mine"))
    stored = PublishableKey.objects.get()
    assert (stored.name, stored.allows_apps, stored.key) == ("Campaigns", True, key.key)
    entry = AuditEntry.objects.get(action="publishable_key.updated")
    assert set(entry.changes) == {"name", "allows_apps"}


def test_saving_an_untouched_form_changes_nothing(admin: Client, site: Site) -> None:
    key = PublishableKeyFactory.create(
        site=site, allowed_origins=[SHOP, "http://localhost"], allows_apps=True
    )
    form = admin.get(page_of(key)).context["form"]
    admin.post(page_of(key), {name: form[name].value() or "" for name in form.fields})
    assert PublishableKey.objects.get().allowed_origins == key.allowed_origins
    assert not AuditEntry.objects.filter(action="publishable_key.updated").exists()


def test_what_was_typed_wrong_stays_in_the_form(admin: Client, site: Site) -> None:
    key = PublishableKeyFactory.create(site=site, name="Stored name")
    text = text_of(admin.post(page_of(key), filled(site, name="Typed", allowed_origins="x")))
    assert 'value="Typed"' in text
    assert "<h1>Stored name</h1>" in text
    assert PublishableKey.objects.get().name == "Stored name"


def test_revoking_asks_first_and_is_final(admin: Client, site: Site) -> None:
    key = PublishableKeyFactory.create(site=site)
    assert "refused from this moment on" in text_of(admin.get(revoking(key)))
    assert PublishableKey.objects.get().revoked_at is None
    admin.post(revoking(key))
    first = PublishableKey.objects.get().revoked_at
    assert first is not None
    assert admin.post(page_of(key), filled(site)).status_code == 403
    assert "was revoked already" in text_of(admin.get(revoking(key), follow=True))
    admin.post(revoking(key))
    assert PublishableKey.objects.get().revoked_at == first
    shown = text_of(admin.get(page_of(key)))
    assert "<form" not in shown.partition('id="content"')[2]
    assert "data-do-not-track" not in shown


def test_no_key_is_deleted(client: Client, superuser: User, site: Site) -> None:
    key = PublishableKeyFactory.create(site=site)
    client.force_login(superuser)
    url = reverse("admin:sites_publishablekey_delete", args=[key.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403
    assert PublishableKey.objects.exists()


# -- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_sees_and_may(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    key = PublishableKeyFactory.create(
        site=site, name="Web shop", last_used_at=timezone.now(), last_used_from="198.51.100.9"
    )
    client.force_login(member(role))
    for url in (reverse(LIST), page_of(key)):
        text = text_of(client.get(url))
        assert "Web shop" in text
        for hidden in (SHOP, key.key, "198.51.100.9"):
            assert (hidden in text) is role.includes(Role.OPERATOR)
    may = role is Role.ADMIN
    assert client.get(reverse(ADD)).status_code == (200 if may else 403)
    assert client.post(reverse(ADD), filled(site, name="New")).status_code == (302 if may else 403)
    assert client.post(page_of(key), filled(site)).status_code == (302 if may else 403)
    assert client.get(revoking(key)).status_code == (200 if may else 403)
    assert client.post(revoking(key)).status_code == (302 if may else 403)
    assert (PublishableKey.objects.get(pk=key.pk).revoked_at is not None) is may


def test_revoking_needs_the_token_of_the_form(member: MakeMember, site: Site) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(Role.ADMIN))
    key = PublishableKeyFactory.create(site=site)
    assert strict.post(revoking(key)).status_code == 403
    assert PublishableKey.objects.get().revoked_at is None


# -- the list and the site's page ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("", {"in-use", "ended"}),
        ("active", {"in-use"}),
        ("revoked", {"ended"}),
        ("no-such", set()),
    ],
)
def test_the_list_narrows_to_a_state(
    admin: Client, site: Site, state: str, names: set[str]
) -> None:
    PublishableKeyFactory.create(site=site, name="in-use")
    PublishableKeyFactory.create(site=site, name="ended", revoked_at=timezone.now())
    text = text_of(admin.get(reverse(LIST), {"state": state}))
    assert {name for name in ("in-use", "ended") if name in text} == names


def test_the_empty_list_says_what_to_do(admin: Client) -> None:
    assert "lets the pages of a web shop" in text_of(admin.get(reverse(LIST)))


def test_the_list_names_the_first_origin_and_counts_the_others(admin: Client, site: Site) -> None:
    origins = [SHOP, "https://b.example.com", "https://c.example.com"]
    PublishableKeyFactory.create(site=site, allowed_origins=origins)
    PublishableKeyFactory.create(site=site, allowed_origins=[], allows_apps=True)
    text = text_of(admin.get(reverse(LIST)))
    assert f"{SHOP} and 2 more" in text
    assert "No page" in text


def test_the_pages_escape_what_people_typed(admin: Client, site: Site) -> None:
    name = f"<script>{uuid.uuid4()}</script>"
    key = PublishableKeyFactory.create(site=site, name=name, last_used_from=name)
    section = reverse("admin:sites_site_change", args=[site.pk])
    for url in (reverse(LIST), page_of(key), revoking(key), section):
        assert name not in admin.get(url).content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_the_sites_page_leads_to_its_keys(
    client: Client, member: MakeMember, site: Site, role: Role
) -> None:
    client.force_login(member(role))
    url = reverse("admin:sites_site_change", args=[site.pk])
    assert "No publishable key" in text_of(client.get(url))
    key = PublishableKeyFactory.create(site=site, name="Web shop")
    PublishableKeyFactory.create(site=site, name="Ended", revoked_at=timezone.now())
    PublishableKeyFactory.create(name="Somebody else's")
    text = text_of(client.get(url))
    assert "No API key, 1 publishable key" in text
    assert page_of(key) in text
    assert "1 revoked" in text
    assert "Ended" not in text
    assert "Somebody else" not in text
    assert (SHOP in text) is role.includes(Role.OPERATOR)
    creating = f'href="{reverse(ADD)}?site={site.pk}">Create new publishable key</a>'
    assert (creating in text) is role.includes(Role.ADMIN)


def test_the_menu_of_the_console_leads_to_the_list(admin: Client) -> None:
    assert f'href="{reverse(LIST)}"' in text_of(admin.get(reverse("admin:index")))
