from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from sites.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def log_in(client: Client, user: User, password: str, address: str) -> bool:
    client.post(
        "/admin/login/", {"username": user.username, "password": password}, REMOTE_ADDR=address
    )
    is_in = "_auth_user_id" in client.session
    client.logout()
    return is_in


def test_guessing_locks_this_name_from_this_address_only(client: Client, superuser: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        assert not log_in(client, superuser, "wrong", "203.0.113.7")
    assert not log_in(client, superuser, PASSWORD, "203.0.113.7")
    assert log_in(client, superuser, PASSWORD, "203.0.113.8")


def test_lock_ends_by_itself() -> None:
    assert settings.AXES_COOLOFF_TIME.total_seconds() == 900


def test_forwarded_header_does_not_move_the_lock(client: Client, superuser: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        client.post(
            "/admin/login/",
            {"username": superuser.username, "password": "wrong"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
            REMOTE_ADDR="203.0.113.7",
        )
    assert not log_in(client, superuser, PASSWORD, "203.0.113.7")
