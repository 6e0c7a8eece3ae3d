"""`/livez`: this process answers. `/readyz`: the installation does its work."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from sites.heartbeats import beat, last_beat_age
from sites.models import ProcessKind
from webhooks.inbound.backlog import oldest_waiting_age
from webhooks.outbound.overdue import overdue, stuck_leases

# A monitor asks every few seconds; a stranger who asks a thousand times costs one round.
REMEMBERED_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: `detail` says what was found, `advice` what to do when it is not ok."""

    name: str
    is_ok: bool
    detail: str
    advice: str = ""


def check_database() -> Check:
    # A beat is a real committed write, so a full disk and a read-only replica show here.
    beat(ProcessKind.WEB)
    return Check("database", True, "takes writes")


class MigrationCheck:
    """Remembers success: code and applied migrations of a running process only drift forwards."""

    def __init__(self) -> None:
        self._is_applied = False

    def __call__(self) -> Check:
        missing = 0
        if not self._is_applied:
            executor = MigrationExecutor(connection)
            missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            self._is_applied = not missing
        if missing:
            return Check(
                "migrations", False, f"{missing} not applied",
                "Run ./patchbay manage migrate, or restart with ./patchbay run, which does it.",
            )  # fmt: skip
        return Check("migrations", True, "all applied")


def check_worker() -> Check:
    return _heartbeat_check(ProcessKind.WORKER, settings.HEALTH_WORKER_SECONDS)


def check_qcluster() -> Check:
    return _heartbeat_check(ProcessKind.QCLUSTER, settings.HEALTH_QCLUSTER_SECONDS)


def _heartbeat_check(kind: ProcessKind, limit_seconds: int) -> Check:
    age = last_beat_age(kind)
    if age is not None and age <= timedelta(seconds=limit_seconds):
        return Check(kind.value, True, f"last beat {age.total_seconds():.0f} s ago")
    detail = "never seen" if age is None else f"last beat {age.total_seconds():.0f} s ago"
    return Check(
        kind.value, False, detail,
        f"Start ./patchbay run, or ./patchbay manage {kind.value} under a supervisor of your own, "
        f"and look into logs/{kind.value}.log in the data folder.",
    )  # fmt: skip


def check_backlog() -> Check:
    age = oldest_waiting_age()
    seconds = age.total_seconds() if age else 0.0
    limit = settings.HEALTH_OLDEST_UNPROCESSED_SECONDS
    detail = "nothing waits" if age is None else f"oldest waits for {seconds:.0f} s"
    if seconds <= limit:
        return Check("backlog", True, detail)
    return Check(
        "backlog", False, f"{detail}, the limit is {limit} s",
        "Events come in faster than they are worked off, or the worker is stuck: see its log, and "
        "add workers on PostgreSQL.",
    )  # fmt: skip


def check_deliveries() -> Check:
    """Ask for due deliveries that nobody tried; a receiver that is slow is not our health."""
    limit = settings.HEALTH_OLDEST_DUE_SECONDS
    stalled = overdue(timedelta(seconds=limit)).stalled
    if stalled is None:
        return Check("deliveries", True, "what is due is sent")
    return Check(
        "deliveries", False,
        f"some are due and none was tried for {stalled.total_seconds():.0f} s, the limit is "
        f"{limit} s",
        "The worker does not send: see its log, and restart it.",
    )  # fmt: skip


def check_leases() -> Check:
    stuck = stuck_leases()
    if not stuck:
        return Check("leases", True, "none is left behind")
    return Check(
        "leases", False, f"{stuck} deliveries are held by a worker that is gone",
        "A running worker takes them back: see its log, and restart it.",
    )  # fmt: skip


CHECKS: Final[tuple[tuple[str, Callable[[], Check]], ...]] = (
    ("database", check_database),
    ("migrations", MigrationCheck()),
    (ProcessKind.WORKER.value, check_worker),
    (ProcessKind.QCLUSTER.value, check_qcluster),
    ("backlog", check_backlog),
    ("deliveries", check_deliveries),
    ("leases", check_leases),
)


def run_checks() -> list[Check]:
    """Return every check; one that the database refuses is a failed check, not an error."""
    results = []
    for name, check in CHECKS:
        try:
            results.append(check())
        except (DatabaseError, InterfaceError) as error:
            results.append(
                Check(
                    name,
                    False,
                    f"the database refused: {type(error).__name__}",
                    "See that the database runs, that its disk has room, and DATABASE_URL.",
                )
            )
    return results


class _Remembered:
    """The last results, shared by all threads for a moment; one thread at a time asks anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: list[Check] = []
        self._at = float("-inf")

    def __call__(self) -> list[Check]:
        with self._lock:
            if time.monotonic() - self._at > REMEMBERED_SECONDS:
                self._results = run_checks()
                self._at = time.monotonic()
            return self._results

    def forget(self) -> None:
        self._at = float("-inf")


current_checks = _Remembered()


# Exempt, so that a POST learns which methods there are, as everywhere, and not of a missing token.
@csrf_exempt
@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    checks = current_checks()
    is_ready = all(check.is_ok for check in checks)
    answer: dict[str, object] = {"status": "ok" if is_ready else "unavailable"}
    if _may_see_details(request):
        answer["checks"] = [asdict(check) for check in checks]
    return JsonResponse(answer, status=200 if is_ready else 503)


def _may_see_details(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.HEALTH_TOKEN.encode()
    if expected and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), expected)
    try:
        return bool(request.user.is_active and request.user.is_superuser)
    except (DatabaseError, InterfaceError):
        return False  # the session cannot be read, which is when the status word matters most
