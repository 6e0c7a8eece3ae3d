"""The statements that make members of who matches; contacts never pass through Python.

A move gets a UUIDv7 of the moment of the computation, drawn in the database: its first half is the
time in milliseconds, by which lists are ordered and retention counts.
"""

# ruff: noqa: S608 - names come from here and from models; values are parameters.

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection

from automation.models import Segment
from automation.models.segment import SegmentMember, SegmentMove
from automation.segments.matching import TABLE

_ENTERING: Final = "segment_entering"
_MEMBERS: Final = SegmentMember._meta.db_table
_MOVES: Final = SegmentMove._meta.db_table
_NOT_MATCHING: Final = (
    f"NOT EXISTS (SELECT 1 FROM {TABLE} AS matching WHERE matching.id = member.contact_id)"
)
_STILL_THERE: Final = (
    "EXISTS (SELECT 1 FROM contacts_contact AS contact WHERE contact.id = member.contact_id)"
)
# Who was erased or merged since the question was asked is nobody to add.
_NEW: Final = f"""
    FROM {TABLE} AS matching JOIN contacts_contact AS contact ON contact.id = matching.id
    WHERE contact.deleted_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM {_MEMBERS} AS member
        WHERE member.segment_id = %s AND member.contact_id = matching.id
    )
"""


def members_replace(segment: Segment, now: datetime, *, tells_moves: bool) -> tuple[int, int]:
    """Make the contacts in the table of matching ones the members; return (entered, left).

    With `tells_moves` each is stored as a move. Runs in the transaction that holds the segment.
    """
    key = _key(segment)
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        # Put aside before anything is written: an INSERT that looks for the rows that it adds looks
        # through all of them again for each one on PostgreSQL.
        cursor.execute(f"CREATE TEMPORARY TABLE {_ENTERING} AS SELECT matching.id {_NEW}", [key])
        if tells_moves:
            columns = f"INSERT INTO {_MOVES} (id, segment_id, contact_id, has_entered, at) SELECT"
            cursor.execute(
                f"{columns} {_move_id(now)}, %s, member.contact_id, %s, %s FROM {_MEMBERS} "
                f"AS member WHERE member.segment_id = %s AND {_NOT_MATCHING} AND {_STILL_THERE}",
                [key, False, at, key],
            )
            cursor.execute(
                f"{columns} {_move_id(now)}, %s, entering.id, %s, %s FROM {_ENTERING} AS entering",
                [key, True, at],
            )
        cursor.execute(
            f"DELETE FROM {_MEMBERS} AS member WHERE member.segment_id = %s AND {_NOT_MATCHING}",
            [key],
        )
        left = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {_MEMBERS} (segment_id, contact_id, since) "
            f"SELECT %s, entering.id, %s FROM {_ENTERING} AS entering",
            [key, at],
        )
        entered = cursor.rowcount
        cursor.execute(f"DROP TABLE {_ENTERING}")
    return entered, left


def _key(segment: Segment) -> Any:
    field = Segment._meta.pk
    return field.get_db_prep_value(segment.pk, connection)


def _move_id(now: datetime) -> str:
    """Return the expression that draws a UUIDv7 of this moment, once for each row."""
    moment = f"{int(now.timestamp() * 1000):012x}"
    if connection.vendor == "postgresql":
        # From the digit of the version on, a random UUID is one of version 7 too.
        start = f"{moment[:8]}-{moment[8:]}-7"
        return f"('{start}' || substr(gen_random_uuid()::text, 16))::uuid"
    return (
        f"'{moment}7' || substr(lower(hex(randomblob(2))), 1, 3) || '8' || "
        "substr(lower(hex(randomblob(8))), 1, 15)"
    )
