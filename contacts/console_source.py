"""How the history says that a person did it here, by hand."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from contacts.applied_change import ChangeSource
from sites.audit import Actor

_KEY: Final = "console"
_LABEL: Final = "Console"
_LONGEST_NAME: Final = 150


def console_source(actor: Actor) -> ChangeSource:
    """Return the source of what an actor does now."""
    return ChangeSource(
        key=_KEY,
        label=_LABEL,
        actor_label=actor.label[:_LONGEST_NAME],
        received_at=timezone.now(),
    )
