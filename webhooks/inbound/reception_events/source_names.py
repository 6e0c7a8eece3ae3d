from __future__ import annotations

from itertools import count
from typing import Final

from webhooks.inbound.models import ReceptionEvent, Source

_LONGEST: Final = 120


def free_source_name(event: ReceptionEvent, source: Source) -> str:
    """Return the event's name, with a number behind it where another source has that name.

    Events may share a name, sources of a site may not: a deleted event's keeps its history by it.
    """
    others = Source.objects.filter(site_id=event.site_id).exclude(pk=source.pk)
    taken = set(others.filter(name__startswith=event.name[:100]).values_list("name", flat=True))
    if event.name not in taken:
        return event.name
    numbered = (f"{event.name[: _LONGEST - 8]} ({number})" for number in count(2))
    return next(name for name in numbered if name not in taken)
