"""Logins, logouts and failed logins in the audit trail, through Django's own signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.cache import cache
from django.http import HttpRequest

from common.client_address import client_address
from sites.audit import Actor, audit_record
from sites.models import User

# A password guesser must not fill the table: beyond this many an hour, an address is not listed.
MOST_FAILURES_PER_HOUR: Final = 30


def connect() -> None:
    """Connect the receivers, once per process."""
    user_logged_in.connect(_logged_in, dispatch_uid="sites.logins.in")
    user_logged_out.connect(_logged_out, dispatch_uid="sites.logins.out")
    user_login_failed.connect(_failed, dispatch_uid="sites.logins.failed")


def _logged_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    _record("login.succeeded", user, request)


def _logged_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        _record("login.ended", user, request)


def _failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    address = client_address(request) if request is not None else ""
    if not _is_listed(address):
        return
    # Only names of accounts are kept: people type their password into the wrong box.
    user = User.objects.filter(username=str(credentials.get("username") or "")[:150]).first()
    actor = Actor(user=None, label=user.username if user else "(no such user)", address=address)
    audit_record(actor=actor, action="login.failed", site=None, target=user)


def _record(action: str, user: User, request: HttpRequest | None) -> None:
    address = client_address(request) if request is not None else ""
    actor = Actor(user=user, label=user.username, address=address)
    audit_record(actor=actor, action=action, site=None, target=user)


def _is_listed(address: str) -> bool:
    key = f"login-failures:{address}"
    cache.add(key, 0, timeout=3600)
    try:
        return cache.incr(key) <= MOST_FAILURES_PER_HOUR
    except ValueError:  # it expired between the two calls
        return True
