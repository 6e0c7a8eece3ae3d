from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from sites import password_hashing
from sites.models import User
from sites.password_hashing import MOST_LOG_INS, log_in_place
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


def test_whoever_is_locked_out_reads_what_helps(client: Client, superuser: User) -> None:
    for name in (superuser.username, "nobody"):
        for _ in range(settings.AXES_FAILURE_LIMIT):
            answer = client.post("/admin/login/", {"username": name, "password": "wrong"})
        assert answer.status_code == 429
        assert "Too many wrong passwords" in answer.text
        assert "System → Failed logins" in answer.text


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


def test_passwords_are_looked_at_one_after_the_other(
    superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []
    for name in ("encode", "verify"):
        theirs = getattr(Argon2PasswordHasher, name)

        def looked_at(self: Any, *args: Any, theirs: Any = theirs, **kwargs: Any) -> Any:
            turns.append(password_hashing._one_at_a_time.locked())
            return theirs(self, *args, **kwargs)

        monkeypatch.setattr(Argon2PasswordHasher, name, looked_at)
    assert superuser.check_password(PASSWORD)
    # Django does this for the name of no account, so that the time taken does not tell.
    User().set_password("anything")
    assert turns == [True, True]
    assert not password_hashing._one_at_a_time.locked()


def test_a_crowd_of_log_ins_is_sent_away_without_a_look_at_the_password(
    client: Client, superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_at(*_: object) -> bool:
        raise AssertionError

    given = {"username": superuser.username, "password": PASSWORD}
    with ExitStack() as crowd, monkeypatch.context() as patched:
        for _ in range(MOST_LOG_INS):
            crowd.enter_context(log_in_place())
        patched.setattr(Argon2PasswordHasher, "verify", looked_at)
        page = client.post("/admin/login/", given)
    assert "Try again in a few seconds" in page.text
    assert client.post("/admin/login/", given).status_code == 302
