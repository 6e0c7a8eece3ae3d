"""When a promotion counts, and until when its assignments do."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from contacts.models import Promotion

Status = Literal["Draft", "Scheduled", "Active", "Ended"]


def status_of(promotion: Promotion, now: datetime) -> Status:
    """Return the state as Engage names it (API v2, `status` of a promotion)."""
    if promotion.is_draft:
        return "Draft"
    if promotion.ends_at is not None and promotion.ends_at <= now:
        return "Ended"
    if promotion.starts_at is not None and promotion.starts_at > now:
        return "Scheduled"
    return "Active"


def expiry_of(promotion: Promotion, assigned_at: datetime) -> datetime | None:
    """Return when an assignment made at this moment ends: with its own validity or the promotion's.

    Months are those of the site's calendar: one from 31 January is 28 February, at the same hour.
    """
    own: datetime | None = None
    amount = promotion.assigned_amount
    if amount is not None:
        if promotion.assigned_unit == Promotion.Unit.DAYS:
            own = assigned_at + timedelta(days=amount)
        else:
            own = _months_later(assigned_at, amount, ZoneInfo(promotion.site.time_zone))
    ends = (each.astimezone(UTC) for each in (own, promotion.ends_at) if each is not None)
    return min(ends, default=None)


def _months_later(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    years, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + years, month + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)
