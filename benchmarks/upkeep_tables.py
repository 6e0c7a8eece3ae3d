"""What the console keeps of itself: the audit log, jobs, failed logins and tasks."""

from __future__ import annotations

from typing import Final

from axes.models import AccessAttempt
from django_q.models import Failure, OrmQ
from django_q.signing import SignedPackage

from benchmarks.filling import Table, at, quoted, text
from benchmarks.long_tables import RARE, THINGS, LongTables
from sites.models import AuditEntry, Job

# Logins and tasks do not come with traffic: what somebody who guesses leaves within their days.
_MOST_LOGINS: Final = 100_000
_MOST_TASKS: Final = 10_000
_DAY: Final = 86_400_000


def tables(of: LongTables) -> list[Table]:
    return [_audit(of), _jobs(of), _failed_logins(of), *_tasks(of)]


def _audit(of: LongTables) -> Table:
    return Table(
        model=AuditEntry,
        rows=of.people,
        named={"thing": of.thing},
        columns={
            "site_id": f"CASE WHEN n % 50 = 1 THEN NULL ELSE {of.site_of_thing()} END",
            "actor_label": f"'person' || {text('n % 40')}",
            "action": f"CASE WHEN n % {RARE} = 7 THEN 'source.deleted' "
            f"ELSE 'source.updated' || {text('n % 9')} END",
            "object_type": "'webhooks.source'",
            "object_id": text(f"{of.first_source} + thing"),
            "object_label": f"'Source ' || {text('thing')}",
            "changes": """'{"name": ["before", "after"]}'""",
        },
    )


def _jobs(of: LongTables) -> Table:
    return Table(
        model=Job,
        rows=max(3 * THINGS, of.rows // 1_000),
        columns={
            "site_id": of.site(),
            "kind": "'replay'",
            "title": "'Replay of 40 events'",
            "state": "'done'",
            "total": "40",
            "done": "40",
            "finished_at": at(),
        },
    )


def _failed_logins(of: LongTables) -> Table:
    return Table(
        model=AccessAttempt,
        rows=min(of.people, _MOST_LOGINS),
        columns={
            "username": f"'guess' || {text()}",
            "ip_address": "'203.0.113.9'",
            "user_agent": "'Browser'",
            # Every login removes those that are over; these are still to come.
            "attempt_time": at(str(of.spread.start + of.spread.length + _DAY)),
            "failures_since_start": "3",
        },
    )


def _tasks(of: LongTables) -> list[Table]:
    task = {"id": "0" * 32, "name": "task", "func": "sites.jobs.work", "args": (), "kwargs": {}}
    rows = min(of.people, _MOST_TASKS)
    return [
        Table(
            model=Failure,
            rows=rows,
            columns={
                "id": f"'task-' || {text()}",
                "name": "'task'",
                "func": "'sites.jobs.work'",
                "success": "FALSE",
                "attempt_count": "1",
            },
        ),
        Table(
            model=OrmQ,
            rows=rows,
            columns={"key": "'patchbay'", "payload": quoted(SignedPackage.dumps(task))},
        ),
    ]
