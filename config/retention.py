"""Removes by the clock what each app says is kept only so long."""

from __future__ import annotations

from typing import Final

import structlog
from django.utils import timezone

from automation.segments import upkeep as segments
from automation.workflows import upkeep as workflows
from common.retention import Retained, remove_expired
from contacts import retention as contacts
from integrations import retention as integrations
from onsite import retention as onsite
from sites import retention as sites
from webhooks.inbound.upkeep import retention as inbound
from webhooks.outbound.upkeep import retention as outbound

RETAINED: Final[tuple[Retained, ...]] = (
    *inbound.RETAINED,
    *outbound.RETAINED,
    *integrations.RETAINED,
    *onsite.RETAINED,
    *contacts.RETAINED,
    *segments.RETAINED,
    *workflows.RETAINED,
    *sites.RETAINED,
)

log = structlog.get_logger(__name__)


def apply_retention() -> dict[str, int]:
    """Remove what is old enough, for as long as one run may take; return counts by kind."""
    removed = remove_expired(RETAINED, timezone.now())
    log.info("retention", **removed)
    return removed
