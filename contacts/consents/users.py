"""What uses a consent's definition: rows of the layers above that so protect it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from django.db import models

from contacts.models import ConsentDefinition


class ConsentUser(Protocol):
    """What a model that refers to definitions of consents says about its rows."""

    @classmethod
    def consent_definition_uses(cls, definition_id: int) -> Iterable[str]:
        """Return what uses the definition, in words."""


def users_of(definition: ConsentDefinition) -> list[str]:
    """Return what uses it in words; layers above are found by their foreign keys, not by name."""
    return [
        words
        for relation in ConsentDefinition._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
        and (uses := getattr(relation.related_model, "consent_definition_uses", None))
        for words in uses(definition.pk)
    ]


def told(users: list[str]) -> str:
    """Return the first of what uses something, as one text."""
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    return "; ".join(users[:3]) + more
