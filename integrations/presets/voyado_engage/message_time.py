"""When a message was made, by which facts about a contact are ordered.

The body holds no event time, and `svix-timestamp` is the time of the *attempt*: a late resend
looks newer than it is. The id stays the same on a resend and holds its own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from integrations.ksuid import ksuid_time
from integrations.verification.standard_webhooks import HEADER_FAMILIES

_ID_PREFIX = "msg_"


def message_id(headers: Mapping[str, str]) -> str:
    """Return the message id of either header family, or "" when there is none."""
    for family in HEADER_FAMILIES:
        value = headers.get(f"{family}-id", "").strip()
        if value:
            return value
    return ""


def message_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the time inside the id unless it lies after the attempt, else the attempt's time."""
    attempted_at = _attempt_time(headers)
    identifier = message_id(headers)
    if attempted_at is None or not identifier.startswith(_ID_PREFIX):
        return attempted_at
    created_at = ksuid_time(identifier.removeprefix(_ID_PREFIX))
    # The attempt counts whole seconds, the id finer steps: only whole seconds compare fairly.
    if created_at is None or created_at.replace(microsecond=0) > attempted_at:
        return attempted_at
    return created_at


def _attempt_time(headers: Mapping[str, str]) -> datetime | None:
    for family in HEADER_FAMILIES:
        text = headers.get(f"{family}-timestamp", "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 12:
            try:
                return datetime.fromtimestamp(int(text), UTC)
            except (ValueError, OverflowError, OSError):
                return None
    return None
