"""What uses a row: rows of layers above, which are not known here by name.

A model that refers to another one says what its rows are in words, by a class method whose name
the asked layer chooses: `source_uses(key) -> Iterable[str]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import models

_MOST_NAMED: Final = 3


def users_of(row: models.Model, question: str) -> list[str]:
    """Return what uses the row in words, from every model that refers to it and has an answer."""
    return [words for model in _models(row, question) for words in getattr(model, question)(row.pk)]


def pairs_of_users(row: models.Model, question: str) -> list[tuple[str, str]]:
    """Return (part of the row, what uses it in words), where uses are of parts."""
    return [pair for model in _models(row, question) for pair in getattr(model, question)(row.pk)]


def told(users: Sequence[str]) -> str:
    """Return the first of what uses something, as one text."""
    more = f" and {len(users) - _MOST_NAMED} more" if len(users) > _MOST_NAMED else ""
    return "; ".join(users[:_MOST_NAMED]) + more


def in_use(name: str, users: Sequence[str]) -> str:
    """Return why something cannot be deleted, and what to do."""
    words = told(users) or "something that was added just now"
    return f"“{name}” is in use and cannot be deleted: {words}. Change that first."


def _models(row: models.Model, question: str) -> Iterator[Any]:
    """Yield each model that refers to the row's and has an answer; once, however often it does."""
    relations = row._meta.get_fields(include_hidden=True)
    found = {
        relation.related_model: None
        for relation in relations
        if isinstance(relation, models.ManyToOneRel)
    }
    return (model for model in found if hasattr(model, question))
