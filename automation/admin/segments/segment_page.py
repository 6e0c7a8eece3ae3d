"""What each tab of a segment's page shows."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from automation.admin.segments.recent_moves import RecentMoves, moves_by_day, recent_moves
from automation.admin.segments.rule_words import stored_rule_words
from automation.admin.segments.segment_words import (
    due_words,
    every_words,
    moves_words,
    took_words,
)
from automation.models import Segment, SegmentMember, SegmentMove
from common.admin.chart import Bar, bar_chart
from common.admin.key_pages import KeyStream, key_page
from common.admin.keyset import NEWER_VAR, OLDER_VAR

OVERVIEW: Final = "overview"
RULE: Final = "rule"
SERIES: Final = {"good": "entered", "quiet": "left"}
CHART_DAYS: Final = 30
_PAGE: Final = 50


def tabs_of(*, may_change: bool) -> list[tuple[str, str]]:
    """Return the tabs; who may not change the rule reads it on the first one."""
    tabs = [(OVERVIEW, "Overview"), ("members", "Members"), ("moves", "Moves")]
    return [*tabs, (RULE, "Rule")] if may_change else tabs


def overview_context(segment: Segment) -> dict[str, Any]:
    moves = recent_moves([segment.pk]).get(segment.pk, RecentMoves())
    return {
        "rule_words": stored_rule_words(segment),
        "took": took_words(segment),
        "due": due_words(segment),
        "every": every_words(segment.every_minutes),
        "moves": moves_words(moves),
        "days": CHART_DAYS,
        "day_chart": _day_chart(segment),
        "series": SERIES,
    }


def members_context(request: HttpRequest, segment: Segment) -> dict[str, Any]:
    """Return a page of members, along the index of the segment: the newest contacts first."""
    members = SegmentMember.objects.filter(segment=segment)
    keys, urls = _page(request, members, "contact_id", "members")
    found = members.filter(contact__in=keys).select_related("contact")
    rows = {member.contact_id: member for member in found}
    return urls | {"rows": [rows[key] for key in keys if key in rows]}


def moves_context(request: HttpRequest, segment: Segment) -> dict[str, Any]:
    """Return a page of moves, newest first."""
    moves = SegmentMove.objects.filter(segment=segment)
    keys, urls = _page(request, moves, "pk", "moves")
    found = moves.filter(pk__in=keys).select_related("contact")
    rows = {move.pk: move for move in found}
    return urls | {"rows": [rows[key] for key in keys if key in rows]}


def _page(
    request: HttpRequest, rows: QuerySet[Any], key: str, tab: str
) -> tuple[list[Any], dict[str, str]]:
    page = key_page(
        [KeyStream(rows=rows, key=key)],
        size=_PAGE,
        older_than=_edge(request, OLDER_VAR),
        newer_than=_edge(request, NEWER_VAR),
    )
    edges = ((NEWER_VAR, "newer_url", page.newer_than), (OLDER_VAR, "older_url", page.older_than))
    urls = {
        name: f"?{urlencode({'tab': tab, variable: edge})}" if edge is not None else ""
        for variable, name, edge in edges
    }
    return page.keys, urls


def _edge(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _day_chart(segment: Segment) -> SafeString | str:
    days = moves_by_day(segment, days=CHART_DAYS, now=timezone.now())
    if not any(entered or left for _, entered, left in days):
        return ""
    bars = [
        Bar(label=f"{start:%d %b}", parts={"good": entered, "quiet": left}, words=SERIES)
        for start, entered, left in days
    ]
    title = f"Who entered and left {segment.name}, by day"
    return bar_chart(bars, title=title)
