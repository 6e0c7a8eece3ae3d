"""How long the log of API calls and their counts by the hour stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from common.retention import Retained, remove_older
from integrations.models import ApiCall, GenericApiHour


def remove_calls(before: datetime) -> Iterator[int]:
    return remove_older(ApiCall.objects.all(), before)


def remove_counts(before: datetime) -> Iterator[int]:
    yield GenericApiHour.objects.filter(hour__lt=before).delete()[0]


RETAINED: Final = (
    Retained(name="api_calls", setting="RETENTION_API_CALL_DAYS", remove=remove_calls),
    Retained(name="api_counts", setting="RETENTION_COUNT_DAYS", remove=remove_counts),
)
