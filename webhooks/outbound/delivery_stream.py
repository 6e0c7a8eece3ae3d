"""Which index feeds a list of deliveries of one site or subscription, newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db.models import QuerySet

from common.admin.key_pages import KeyStream
from webhooks.outbound.models import TROUBLED, Delivery
from webhooks.outbound.recovering.conditions import in_state
from webhooks.outbound.recovering.recover_filter import RecoverFilter

_WALKED: Final = (
    "site", "subscription", "event_type", "status", "attempts", "last_status_code", "last_error",
)  # fmt: skip


def delivery_stream(filters: RecoverFilter) -> KeyStream:
    """Return the rows through the index that fits; where none does, by a bounded walk."""
    # Conditions without an index in order of key.
    is_walked = bool(filters.event_type or filters.code or filters.error or filters.tries)
    is_walked = is_walked or filters.state not in ("", *TROUBLED)
    walk = _walk(filters) if is_walked else None
    return KeyStream(rows=filters.deliveries(), walk=walk, walked=_WALKED)


def _walk(filters: RecoverFilter) -> QuerySet[Delivery]:
    plain = replace(filters, state="", event_type="", code="", error="", tries="")
    rows = plain.deliveries()
    return rows.filter(in_state(filters.state)) if filters.state in TROUBLED else rows
