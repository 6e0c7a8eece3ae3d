"""Logged API calls as tests need them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone

from common.identifiers import new_row_id, row_id_floor
from integrations.models import ApiCall, Direction, Operation, Outcome, Purpose
from sites.models import Site


def aged_id(at: datetime) -> uuid.UUID:
    """Return a key as old as `at`, unlike any other."""
    return uuid.UUID(int=row_id_floor(at).int | new_row_id().int & (1 << 80) - 1)


def api_call(
    site: Site, outcome: Outcome = Outcome.FOUND, at: datetime | None = None, **fields: Any
) -> ApiCall:
    """Make a look-up of jane@example.com that got an answer."""
    values: dict[str, Any] = {
        "id": aged_id(at) if at else new_row_id(),
        "site": site,
        "at": at or timezone.now(),
        "direction": Direction.SENT,
        "operation": Operation.LOOKUP,
        "purpose": Purpose.SUBMISSION,
        "outcome": outcome,
        "method": "GET",
        "url": "https://api.example.com/contacts?email=jane%40example.com",
        "request_headers": {"Accept": "application/json"},
        "status_code": 200,
        "response_headers": {"Content-Type": "application/json"},
        "response_body": '{"email": "jane@example.com", "name": "Jane Doe"}',
        "duration_ms": 120,
    }
    return ApiCall.objects.create(**(values | fields))
