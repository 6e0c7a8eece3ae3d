"""Automation: runs through workflows with their steps, and who is in segments and moved."""

from __future__ import annotations

from automation.models import SegmentMember, SegmentMove, WorkflowRun, WorkflowStep
from benchmarks.filling import Table, at, text
from benchmarks.long_tables import RARE, THINGS, LongTables


def tables(of: LongTables) -> list[Table]:
    return [_runs(of), _steps(of), _members(of), _moves(of)]


def _runs(of: LongTables) -> Table:
    state = (
        f"CASE WHEN n % {RARE} = 9 THEN 'cancelled' WHEN n > {of.runs} - 300 THEN 'ready' "
        "WHEN n % 50 = 1 THEN 'waiting' WHEN n % 200 = 2 THEN 'stopped' ELSE 'finished' END"
    )
    return Table(
        model=WorkflowRun,
        rows=of.runs,
        person=of.someone,
        named={"thing": of.thing, "state": state},
        columns={
            "workflow_id": of.spread.key_sql("thing", THINGS),
            "version_id": f"{of.first_version} + thing",
            "contact_id": of.contact,
            "trigger_key": f"'event:' || {text()}",
            "state": "state",
            "position": "2",
            "reason": "CASE state WHEN 'stopped' THEN 'A condition did not hold.' ELSE '' END",
            "received_event_id": of.spread.key_sql("n", of.rows),
            "due_at": f"CASE WHEN state IN ('ready', 'waiting') THEN {at()} END",
            "ended_at": f"CASE WHEN state NOT IN ('ready', 'waiting') THEN {at()} END",
        },
    )


def _steps(of: LongTables) -> Table:
    return Table(
        model=WorkflowStep,
        rows=2 * of.runs,
        columns={
            "run_id": of.spread.key_sql("n / 2", of.runs),
            "position": "n % 2",
            "action": "CASE n % 2 WHEN 0 THEN 'set_field' ELSE 'stop' END",
            "state": "CASE WHEN n % 400 = 0 THEN 'failed' WHEN n % 9 = 1 THEN 'skipped' "
            "ELSE 'done' END",
            "detail": "'City was set.'",
            "attempts": "1",
        },
    )


def _members(of: LongTables) -> Table:
    return Table(
        model=SegmentMember,
        rows=of.people,
        person="n",
        named={"thing": of.thing},
        columns={
            "segment_id": of.spread.key_sql("thing", THINGS),
            "contact_id": of.contact,
        },
    )


def _moves(of: LongTables) -> Table:
    return Table(
        model=SegmentMove,
        rows=of.people,
        person=of.someone,
        named={"thing": of.thing},
        columns={
            "segment_id": of.spread.key_sql("thing", THINGS),
            "contact_id": of.contact,
            "has_entered": "n % 3 > 0",
            "told_at": at(),
        },
    )
