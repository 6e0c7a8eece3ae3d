"""Computing a segment: who entered and who left since the last time, in a handful of statements."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from automation.models import Segment
from automation.segments.matching import TooSlow, matching_contacts
from automation.segments.member_statements import members_replace
from automation.segments.reading import BadRule, read_rule

# The qcluster gives a task a minute and a half, in which the schedule begins several.
COMPUTE_SECONDS: Final = 40.0

# Longer than any computation takes.
INTERRUPTED_AFTER: Final = timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """What one computation did; the first one of a segment moves nobody."""

    entered: int
    left: int
    is_first: bool


def segment_compute(segment: Segment, *, seconds: float = COMPUTE_SECONDS) -> Computation | None:
    """Bring the members up to date with the rule and the contacts.

    Returns None when it did not come to an end, with the reason in `Segment.trouble`, or when
    another computation was faster. Of several at once each is of one moment, and the members are
    those of the newest that ended.
    """
    if not Segment.objects.filter(pk=segment.pk).update(attempted_at=timezone.now()):
        return None
    try:
        return _compute(segment.pk, seconds)
    except (TooSlow, BadRule) as error:
        _note_trouble(segment.pk, str(error))
        return None


def segments_due(now: datetime) -> QuerySet[Segment]:
    """Return the segments whose members are too old, or of an older rule, longest waiting first."""
    due = Q(attempted_at__isnull=True) | Q(rule_changed_at__gt=F("attempted_at"))
    # Begun, and neither ended nor in trouble: its process died.
    is_older = Q(computed_at__isnull=True) | Q(computed_at__lt=F("rule_changed_at"))
    due |= is_older & Q(trouble="", attempted_at__lte=now - INTERRUPTED_AFTER)
    rhythms = Segment.objects.filter(every_minutes__isnull=False).order_by("every_minutes")
    for minutes in rhythms.values_list("every_minutes", flat=True).distinct():
        before = now - timedelta(minutes=minutes or 0)
        due |= Q(every_minutes=minutes, attempted_at__lte=before)
    segments = Segment.objects.filter(due, site__is_active=True).select_related("site")
    return segments.order_by(F("attempted_at").asc(nulls_first=True), "pk")


def segment_claim(segment: Segment) -> bool:
    """Take a due segment for oneself; False when another process just did."""
    seen = Segment.objects.filter(pk=segment.pk, attempted_at=segment.attempted_at)
    return bool(seen.update(attempted_at=timezone.now()))


def _compute(segment_id: UUID, seconds: float) -> Computation | None:
    if connection.vendor == "postgresql":
        # Computations of one segment wait for each other here.
        with transaction.atomic():
            segment = _held(segment_id)
            return _replaced(segment, seconds) if segment else None
    segment = Segment.objects.select_related("site").filter(pk=segment_id).first()
    return _replaced(segment, seconds) if segment else None


def _replaced(segment: Segment, seconds: float) -> Computation | None:
    began, now = time.monotonic(), timezone.now()
    rule = read_rule(segment.rule, segment.site)
    with (
        matching_contacts(segment.site, rule, now=now, seconds=seconds),
        transaction.atomic(),
    ):
        held = _held(segment.pk)
        # SQLite asks without a lock: another computation may have ended, or the rule changed.
        if held is None or _version(held) != _version(segment):
            return None
        is_first = held.computed_at is None
        entered, left = members_replace(held, now, tells_moves=not is_first)
        held.member_count = held.members.count()
        held.computed_at, held.trouble = now, ""
        held.computed_ms = round((time.monotonic() - began) * 1000)
        # Not through the auto field: a computation is no change that somebody made.
        Segment.objects.filter(pk=held.pk).update(
            **{name: getattr(held, name) for name in _COMPUTED}
        )
    return Computation(entered=entered, left=left, is_first=is_first)


_COMPUTED: Final = ("member_count", "computed_at", "computed_ms", "trouble")


def _held(segment_id: UUID) -> Segment | None:
    rows = Segment.objects.select_for_update(of=("self",), no_key=True).select_related("site")
    return rows.filter(pk=segment_id).first()


def _version(segment: Segment) -> tuple[Any, ...]:
    return segment.computed_at, segment.rule_changed_at


def _note_trouble(segment_id: UUID, sentence: str) -> None:
    log.warning("segment not computed", segment=str(segment_id), reason=sentence)
    Segment.objects.filter(pk=segment_id).update(trouble=sentence[:300])
