from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from common.identifiers import row_id_floor
from onsite.models import Submission
from sites.plan_filter import PlanFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendFilter(PlanFilter):
    """Which submissions are sent again. `received_until` is exclusive."""

    readers: ClassVar = {
        "received_from": datetime.fromisoformat,
        "received_until": datetime.fromisoformat,
    }

    state: str = ""
    role: str = ""
    tag: str = ""
    code: str = ""
    received_from: datetime | None = None
    received_until: datetime | None = None

    def submissions(self) -> QuerySet[Submission]:
        """Return the matching submissions in order of arrival."""
        conditions: dict[str, Any] = {
            "pk__in": self.ids,
            "state": self.state,
            "role": self.role,
            "tag": self.tag,
            "code": self.code,
            # Ids begin with the time of reception.
            "pk__gte": self.received_from and row_id_floor(self.received_from),
            "pk__lt": self.received_until and row_id_floor(self.received_until),
            "pk__lte": self.upper_id,
        }
        narrowing = {name: value for name, value in conditions.items() if value}
        return Submission.objects.filter(site_id__in=self.site_ids, **narrowing).order_by("pk")
