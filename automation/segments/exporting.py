"""The members of a segment as a file, written by the job that exports contacts."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import Q

from automation.models import Segment
from automation.segments.members import is_member
from contacts.models import ContactFile
from contacts.transfer.exporting import Narrowing, export_narrowing_add, export_start
from sites.audit import Actor

NARROWING: Final = "segment"


def segment_export_start(segment: Segment, actor: Actor) -> ContactFile:
    """Start writing the members of the last computation; raises ValidationError."""
    narrowing = Narrowing(kind=NARROWING, key=str(segment.pk), words=f"segment {segment.name}")
    return export_start(site=segment.site, narrowing=narrowing, actor=actor)


def _members(key: str) -> Q:
    return is_member(UUID(key))


export_narrowing_add(NARROWING, _members)
