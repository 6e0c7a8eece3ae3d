"""A password that somebody else made opens nothing but the page that replaces it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from sites.audit import Actor
from sites.models import AuditEntry, Role, Site, User
from sites.services import member_add
from tests.factories import PASSWORD, UserFactory

OWN = "Nine-Quiet-Otters"
CHANGE = "/admin/password_change/"


@pytest.fixture
def handed_over(site: Site) -> tuple[User, str]:
    added = member_add(site=site, role=Role.ADMIN, actor=Actor.system("test"), username="eva")
    return added.membership.user, added.first_password


def change(client: Client, old: str, new: str) -> int:
    given = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(CHANGE, given).status_code


def test_first_password_opens_only_the_page_that_changes_it(
    client: Client, site: Site, handed_over: tuple[User, str]
) -> None:
    user, first = handed_over
    given = {"username": user.username, "password": first}
    assert client.post("/admin/login/", given).status_code == 302
    for url in (
        reverse("admin:index"),
        reverse("admin:health"),
        reverse("admin:sites_site_change", args=[site.pk]),
        reverse("admin:webhooks_receivedevent_changelist"),
        "/admin/autocomplete/",
    ):
        assert client.get(url).headers.get("Location") == CHANGE, url
    assert "Choose a password of your own" in client.get(CHANGE).content.decode()

    assert change(client, first, OWN) == 302
    assert client.get(reverse("admin:index")).status_code == 200
    user.refresh_from_db()
    assert user.check_password(OWN)
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.actor, entry.changes) == (user, {"password": ["", "changed"]})


def test_first_password_is_no_password_of_ones_own(
    client: Client, handed_over: tuple[User, str]
) -> None:
    user, first = handed_over
    client.force_login(user)
    assert change(client, first, first) == 200
    assert client.get(reverse("admin:index")).headers["Location"] == CHANGE
    assert not AuditEntry.objects.filter(action="user.password_changed").exists()


def test_whoever_has_to_choose_a_password_may_log_out(
    client: Client, handed_over: tuple[User, str]
) -> None:
    client.force_login(handed_over[0])
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_password_set_by_a_superuser_is_replaced_at_the_next_login(
    client: Client, superuser: User, site: Site, handed_over: tuple[User, str]
) -> None:
    user, _ = handed_over
    user.set_password(PASSWORD)
    user.save()
    client.force_login(superuser)
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    given = {"password1": OWN, "password2": OWN, "usable_password": "true"}
    assert client.post(url, given).status_code == 302
    user.refresh_from_db()
    assert user.must_change_password


def test_own_password_is_no_handed_over_one(client: Client, superuser: User) -> None:
    client.force_login(superuser)
    assert change(client, PASSWORD, OWN) == 302
    assert client.get(reverse("admin:index")).status_code == 200


def test_accounts_that_exist_already_keep_their_password(site: Site) -> None:
    user = UserFactory.create()
    added = member_add(
        site=site, role=Role.VIEWER, actor=Actor.system("test"), username=user.username
    )
    assert added.first_password == ""
    user.refresh_from_db()
    assert not user.must_change_password


@pytest.mark.parametrize("user_id", ["nobody", "\x00", "9" * 30])
def test_password_page_of_an_account_that_cannot_be_is_not_there(
    client: Client, superuser: User, user_id: str
) -> None:
    client.force_login(superuser)
    url = reverse("admin:auth_user_password_change", args=[user_id])
    for answer in (client.get(url), client.post(url, {"password1": OWN, "password2": OWN})):
        assert answer.status_code == 404
