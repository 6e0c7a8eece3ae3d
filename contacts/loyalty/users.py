"""What uses a kind of points or a promotion: rows of the layers above that so protect it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from django.db import models

from contacts.models import PointDefinition, Promotion


class LoyaltyUser(Protocol):
    """What a model that refers to either says about its rows."""

    @classmethod
    def point_definition_uses(cls, definition_id: int) -> Iterable[str]:
        """Return what uses the kind of points, in words."""

    @classmethod
    def promotion_uses(cls, promotion_id: Any) -> Iterable[str]:
        """Return what uses the promotion, in words."""


def users_of(row: PointDefinition | Promotion) -> list[str]:
    """Return what uses it in words; layers above are found by their foreign keys, not by name."""
    name = f"{'promotion' if isinstance(row, Promotion) else 'point_definition'}_uses"
    return [
        words
        for relation in row._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
        and (uses := getattr(relation.related_model, name, None))
        for words in uses(row.pk)
    ]


def told(users: list[str]) -> str:
    """Return the first of what uses something, as one text."""
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    return "; ".join(users[:3]) + more
