"""What sending again would do, before it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Min

from onsite.models import State, Submission
from onsite.resending.obstacles import IN_TROUBLE, SKIPPED, Obstacle, with_obstacle
from onsite.resending.resend_filter import ResendFilter
from sites.skipped import Skipped, skipped_of

SAMPLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendPlan:
    """Pass `filters` on to `resend_start`: they are fixed to this moment.

    `by_code` maps why they failed to how many: a code of the blocked ones, empty text for writes
    whose error code was ignored. `samples` are the oldest that would be sent.
    """

    filters: ResendFilter
    total: int
    by_code: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None
    skipped: tuple[Skipped, ...]
    samples: tuple[Submission, ...]


def resend_plan(*, filters: ResendFilter) -> ResendPlan:
    """Return how many would be sent again and why they failed, what is left out and why."""
    newest = filters.submissions().order_by("-pk").values_list("pk", flat=True).first()
    fixed = replace(filters, upper_id=filters.upper_id or newest)
    troubled = with_obstacle(fixed.submissions().filter(IN_TROUBLE))
    rows = troubled.order_by().values("obstacle", "code").annotate(
        count=Count("pk"), first_at=Min("received_at"), last_at=Max("received_at")
    )  # fmt: skip
    counted = list(rows)
    sent = [row for row in counted if not row["obstacle"]]
    return ResendPlan(
        filters=fixed,
        total=sum(row["count"] for row in sent),
        by_code={row["code"]: row["count"] for row in sent},
        first_at=min((row["first_at"] for row in sent), default=None),
        last_at=max((row["last_at"] for row in sent), default=None),
        skipped=(
            *_skipped_in_trouble([row for row in counted if row["obstacle"]]),
            *_skipped_otherwise(fixed),
        ),
        samples=tuple(troubled.filter(obstacle="")[:SAMPLES]) if sent else (),
    )


def _skipped_in_trouble(rows: list[dict[str, Any]]) -> list[Skipped]:
    counts: dict[Obstacle, int] = {}
    for row in rows:
        obstacle = Obstacle(row["obstacle"])
        counts[obstacle] = counts.get(obstacle, 0) + row["count"]
    return [Skipped(count=count, reason=SKIPPED[each]) for each, count in counts.items()]


def _skipped_otherwise(filters: ResendFilter) -> list[Skipped]:
    others = filters.submissions().exclude(IN_TROUBLE)
    found = (
        (Obstacle.RUNNING, others.filter(state=State.RUNNING)),
        (Obstacle.WENT_THROUGH, others.filter(state=State.CONTINUED)),
    )
    skipped = [skipped_of(matching, SKIPPED[obstacle]) for obstacle, matching in found]
    return [each for each in skipped if each.count]
