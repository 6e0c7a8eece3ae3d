"""Brings the database to where the processes can use it: reachable, migrated, with an operator."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from config.schedules import schedules_sync
from config.start_failure import StartFailed
from sites.audit import Actor, audit_record
from sites.models import User

FIRST_OPERATOR: Final = "operator"
# Any fixed number: machines that share a database start one after the other under it.
_START_LOCK: Final = 7_201_938_455


def database_label() -> str:
    """Return which database this is, without its password."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return f"SQLite, {database['NAME']}"
    where = f"{database['HOST'] or 'localhost'}:{database['PORT'] or 5432}"
    return f"PostgreSQL, {where}/{database['NAME']}"


def database_check() -> None:
    """Refuse to go on when the database does not answer."""
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StartFailed(
            f"The database does not answer ({database_label()}): {reason[:300]} "
            "Start it, or correct DATABASE_URL."
        ) from error


@contextmanager
def start_lock() -> Iterator[None]:
    """Hold off other machines that start on the same database. SQLite has one machine only."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_START_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_START_LOCK])


def database_prepare() -> str | None:
    """Migrate, plan the schedules, make the first operator; return the password that was made."""
    try:
        with start_lock():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", verbosity=0, interactive=False)
            schedules_sync()
            return first_operator_create()
    except (DatabaseError, InterfaceError) as error:
        reason = " ".join(str(error).split())
        raise StartFailed(
            f"The database could not be prepared ({database_label()}): {reason[:300]}"
        ) from error


@transaction.atomic
def first_operator_create() -> str | None:
    """Create a superuser when there is none; return the password if one was generated."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    given = os.environ.get("PATCHBAY_ADMIN_PASSWORD", "")
    generated = "" if given else secrets.token_urlsafe(12)
    user = User.objects.create_superuser(FIRST_OPERATOR, password=given or generated)
    audit_record(
        actor=Actor.system("./patchbay run"), action="user.created", site=None, target=user
    )
    return generated or None
