from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from common.admin import key_pages
from sites.admin import audit_log
from sites.audit import Actor, audit_record, field_changes
from sites.logins import MOST_FAILURES_PER_HOUR
from sites.models import AuditEntry, Membership, Role, Site, User
from tests.conftest import MakeMember
from tests.factories import PASSWORD, SiteFactory

pytestmark = pytest.mark.django_db


def test_entry_says_who_from_where_and_what(site: Site, member: MakeMember) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    request.user = member(Role.ADMIN)
    actor = Actor.from_request(request)

    entry = audit_record(
        actor=actor, action="site.updated", site=site, target=site, changes={"name": ("A", "B")}
    )

    entry.refresh_from_db()
    assert (entry.actor, entry.address) == (request.user, "192.0.2.7")
    assert (entry.object_type, entry.object_id) == ("sites.site", str(site.pk))
    assert entry.changes == {"name": ["A", "B"]}


def test_secret_only_says_that_it_changed() -> None:
    changes = field_changes(
        {"key": "old", "name": "a", "same": 1}, {"key": "new", "name": "b", "same": 1}, {"key"}
    )
    assert changes == {"key": ("", "changed"), "name": ("a", "b")}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "a�b"),
        ("\ud800", "?"),
        ("x" * 600, "x" * 499 + "…"),
        (float("nan"), "nan"),
        (b"secret", "(6 bytes)"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Role.ADMIN, "admin"),
        ({"a": ["\0", Decimal(2)]}, {"a": ["�", "2"]}),
        (["y" * 3000], '["' + "y" * 497 + "…"),
        (True, True),
        (None, None),
    ],
)
def test_any_value_is_stored_as_short_json(value: Any, stored: Any) -> None:
    entry = audit_record(
        actor=Actor.system("test"), action="x.y", site=None, target=None, changes={"v": (1, value)}
    )
    entry.refresh_from_db()
    assert entry.changes == {"v": [1, stored]}


def test_database_refuses_to_change_an_entry() -> None:
    entry = audit_record(actor=Actor.system("t"), action="x.y", site=None, target=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(action="nothing.happened")
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.get(pk=entry.pk).action == "x.y"


def test_login_logout_and_failure_are_recorded(client: Client, superuser: User) -> None:
    credentials = {"username": superuser.username, "password": PASSWORD}
    client.post("/admin/login/", credentials | {"password": "wrong"}, REMOTE_ADDR="192.0.2.1")
    client.post("/admin/login/", credentials, REMOTE_ADDR="192.0.2.1")
    client.post("/admin/logout/", REMOTE_ADDR="192.0.2.1")

    rows = AuditEntry.objects.order_by("id").values_list("action", "actor_label", "address")
    name = superuser.username
    assert list(rows) == [
        ("login.failed", name, "192.0.2.1"),
        ("login.succeeded", name, "192.0.2.1"),
        ("login.ended", name, "192.0.2.1"),
    ]


def test_mistyped_user_name_is_not_kept(client: Client) -> None:
    client.post("/admin/login/", {"username": "my-password", "password": "x"})
    entry = AuditEntry.objects.get(action="login.failed")
    assert "my-password" not in f"{entry.actor_label} {entry.object_label} {entry.changes}"


def test_guesser_does_not_fill_the_table(client: Client) -> None:
    for number in range(MOST_FAILURES_PER_HOUR + 5):
        client.post(
            "/admin/login/",
            {"username": f"guess{number}", "password": "x"},
            REMOTE_ADDR="192.0.2.99",
        )
    assert AuditEntry.objects.filter(action="login.failed").count() == MOST_FAILURES_PER_HOUR


def test_the_log_offers_what_was_done_on_each_site_of_its_viewer(
    client: Client, site: Site, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "_LOOKED_AT_FOR_CHOICES", 4)
    quiet, foreign = SiteFactory.create(), SiteFactory.create()
    user = member(Role.OPERATOR)
    Membership.objects.create(user=user, site=quiet, role=Role.OPERATOR)
    for on, action in ((quiet, "seldom.done"), (foreign, "elsewhere.done"), (site, "old.done")):
        AuditEntry.objects.create(actor_label="x", site=on, action=action)
    for _ in range(9):
        AuditEntry.objects.create(actor_label="busy", site=site, action="often.done")
    client.force_login(user)
    page = client.get(reverse("admin:sites_auditentry_changelist")).content.decode()
    offered = [f'<option value="{action}"' in page for action in ("seldom.done", "often.done")]
    assert offered == [True, True]
    # Too long ago on a busy site; and never this viewer's.
    assert '<option value="old.done"' not in page
    assert '<option value="elsewhere.done"' not in page


def test_an_action_on_one_object_is_looked_for_in_its_history(
    client: Client, site: Site, superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_pages, "LONGEST_WALK", 3)
    monkeypatch.setattr(key_pages, "SHORT_WALK", 3)
    of_source = {"actor_label": "x", "object_type": "webhooks.source"}
    old = AuditEntry.objects.create(site=site, action="source.made", object_id="7", **of_source)
    for _ in range(9):
        AuditEntry.objects.create(site=site, action="source.made", object_id="8", **of_source)
    client.force_login(superuser)
    url = reverse("admin:sites_auditentry_changelist")
    for scope in ({}, {"site": str(site.pk)}):
        asked = {"object": "webhooks.source:7", "action": "source.made"} | scope
        page = client.get(url, asked).content.decode()
        assert reverse("admin:sites_auditentry_change", args=[old.pk]) in page
