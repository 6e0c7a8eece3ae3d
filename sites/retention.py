"""How long the counts of requests by API key stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from common.retention import Retained
from sites.models import ApiKeyHour


def remove_key_counts(before: datetime) -> Iterator[int]:
    yield ApiKeyHour.objects.filter(hour__lt=before).delete()[0]


RETAINED: Final = (
    Retained(name="key_counts", setting="RETENTION_COUNT_DAYS", remove=remove_key_counts),
)
