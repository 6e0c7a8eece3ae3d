"""What the health page knows about this installation."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from common.admin.relative_time import duration_text
from config.console.banners import LATE_AFTER
from config.console.processes import running_kinds
from sites.models import Job, JobState
from sites.roles import is_superuser
from webhooks.inbound.backlog import COUNTED_AT_MOST, oldest_waiting_age, waiting_count_capped
from webhooks.outbound.overdue import overdue, stuck_leases

_LOW_DISK_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Storage:
    """Where data lies and how much room is left, in bytes."""

    path: Path
    free: int
    total: int

    @property
    def is_low(self) -> bool:
        return self.free < self.total * _LOW_DISK_SHARE


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that no worker has taken yet; `count` stops at COUNTED_AT_MOST."""

    count: int
    oldest: timedelta | None

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.oldest > LATE_AFTER

    @property
    def count_text(self) -> str:
        if self.count >= COUNTED_AT_MOST:
            return f"{COUNTED_AT_MOST:,} or more"
        return f"{self.count:,}"


def health_context(request: HttpRequest) -> dict[str, Any]:
    """Return the health page's content; paths and versions are for superusers alone."""
    waiting, late = backlog(), overdue(LATE_AFTER)
    context: dict[str, Any] = {
        "kinds": running_kinds(),
        "backlog": waiting,
        "oldest_text": duration_text(waiting.oldest or timedelta()),
        "late": late,
        "late_text": duration_text(late.oldest or timedelta()),
        "stuck_leases": stuck_leases(),
        "is_mail_on": settings.EMAIL_IS_ON,
        "open_jobs": Job.objects.filter(state__in=(JobState.PENDING, JobState.RUNNING)).count(),
    }
    if is_superuser(request.user):
        context |= {"storage": storage(), "versions": versions(), "database": database_facts()}
    return context


def backlog() -> Backlog:
    return Backlog(count=waiting_count_capped(), oldest=oldest_waiting_age())


def storage() -> Storage:
    usage = shutil.disk_usage(settings.DATA_DIR)
    return Storage(path=settings.DATA_DIR, free=usage.free, total=usage.total)


def versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "Django": django.get_version(),
        "granian": version("granian"),
        "django-q2": version("django-q2"),
    }


def database_facts() -> dict[str, str]:
    """Return kind, version and size of the database, in words."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            kind = f"PostgreSQL {connection.pg_version // 10000}"  # type: ignore[attr-defined]
        else:
            cursor.execute(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            )
            kind = "SQLite " + ".".join(map(str, sqlite3.sqlite_version_info))
        size = int(cursor.fetchone()[0])
    return {"Kind": kind, "Size": f"{size / 1_000_000:,.1f} MB"}
