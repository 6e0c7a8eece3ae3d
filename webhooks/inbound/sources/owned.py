"""Sources that belong to something else, such as a reception event, and are changed there."""

from __future__ import annotations

from django.db.models import QuerySet

from integrations.registry import all_presets
from webhooks.inbound.models import Source


def without_owned(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Return the sources that operators make as such; one of a missing preset is among them."""
    keys = [preset.key for preset in all_presets() if not preset.is_offered]
    return sources.exclude(preset_key__in=keys)
