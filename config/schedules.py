"""What the qcluster does by the clock. Schedules are made here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_migrate
from django.utils import timezone
from django_q.models import Schedule
from django_q.signals import post_spawn

from sites.heartbeats import beat_qcluster

# Marks the rows that are ours, so that one removed from the code is removed from the database.
PREFIX: Final = "patchbay: "


@dataclass(frozen=True, slots=True)
class Planned:
    name: str
    function: str
    every_minutes: int


PLAN: Final = (
    Planned("heartbeat", "sites.heartbeats.beat_qcluster", 1),
    Planned("reap expired leases", "webhooks.inbound.upkeep.maintenance.reap_expired_leases", 1),
    Planned(
        "release held deliveries", "webhooks.outbound.holding.stragglers.release_stragglers", 1
    ),
    Planned("erase from logs", "contacts.subject_rights.erasing.erase_pending", 1),
    Planned("end interrupted submissions", "onsite.interrupted.end_interrupted_submissions", 1),
    Planned("resume abandoned jobs", "sites.jobs.resume_abandoned_jobs", 1),
    Planned("compute segments", "automation.segments.schedule.compute_due_segments", 1),
    Planned("start due workflows", "automation.workflows.schedule.start_due_workflows", 1),
    Planned("tell of trouble", "webhooks.outbound.notices.sending.tell_of_trouble", 1),
    Planned("expire points", "contacts.loyalty.expiring.expire_points", 5),
    Planned("retention", "config.retention.apply_retention", 60),
    Planned("prune", "config.pruning.prune", 60),
)


@transaction.atomic
def schedules_sync() -> None:
    """Make the schedule rows what `PLAN` says; one that exists keeps the time it is due."""
    names = [PREFIX + planned.name for planned in PLAN]
    Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=names).delete()
    for planned, name in zip(PLAN, names, strict=True):
        fields = {
            "func": planned.function,
            "schedule_type": Schedule.MINUTES,
            "minutes": planned.every_minutes,
            "repeats": -1,
        }
        Schedule.objects.update_or_create(
            name=name, defaults=fields, create_defaults={**fields, "next_run": timezone.now()}
        )


def _sync_after_migrate(**_: Any) -> None:
    # `migrate` may have been asked for one app only, before django_q has its tables.
    if Schedule._meta.db_table in connection.introspection.table_names():
        schedules_sync()


def _first_beat(**_: Any) -> None:
    try:
        beat_qcluster()
    except DatabaseError:
        # The schedule beats a minute later; a worker that cannot start would help nobody.
        return


def connect_schedules() -> None:
    """Keep the rows in step with the code, and let a cluster show itself when it starts."""
    post_migrate.connect(
        _sync_after_migrate,
        sender=apps.get_app_config("django_q"),
        dispatch_uid="patchbay.schedules.sync",
    )
    post_spawn.connect(_first_beat, dispatch_uid="patchbay.schedules.first_beat")
