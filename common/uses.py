"""What uses a row: rows of layers above, which are not known here by name.

A model that refers to another one says what its rows are in words, by a class method whose name
the asked layer chooses: `source_uses(key) -> Iterable[str]`. What is used cannot be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

_MOST_NAMED: Final = 3


class InUse(ValidationError):
    """A row cannot be deleted; the sentence says what stands in the way, and what to do."""


@contextmanager
def deletion(name: str, users: Callable[[], Sequence[str]]) -> Iterator[None]:
    """One transaction that deletes a row; raises `InUse` when the database keeps it for a use.

    The database has the last word: a use that began meanwhile shows only when we commit.
    """
    try:
        with transaction.atomic():
            yield
    except (models.ProtectedError, models.RestrictedError, IntegrityError):
        raise InUse(in_use(name, users())) from None


def users_of(row: models.Model, question: str) -> list[str]:
    """Return what uses the row in words, from every model that refers to it and has an answer."""
    models_asked = models_that_tell(type(row), question)
    return [words for model in models_asked for words in getattr(model, question)(row.pk)]


def pairs_of_users(row: models.Model, question: str) -> list[tuple[str, str]]:
    """Return (part of the row, what uses it in words), where uses are of parts."""
    models_asked = models_that_tell(type(row), question)
    return [pair for model in models_asked for pair in getattr(model, question)(row.pk)]


def told(users: Sequence[str]) -> str:
    """Return the first of what uses something, as one text."""
    more = f" and {len(users) - _MOST_NAMED} more" if len(users) > _MOST_NAMED else ""
    return "; ".join(users[:_MOST_NAMED]) + more


def in_use(name: str, users: Sequence[str]) -> str:
    """Return why something cannot be deleted, and what to do."""
    words = told(users) or "something that was added just now"
    return f"“{name}” is in use and cannot be deleted: {words}. Change that first."


def models_that_tell(model: type[models.Model], question: str) -> Iterator[Any]:
    """Yield each model that refers to this one and has an answer; once, however often it does."""
    relations = model._meta.get_fields(include_hidden=True)
    found = {
        relation.related_model: None
        for relation in relations
        if isinstance(relation, models.ManyToOneRel)
    }
    return (model for model in found if hasattr(model, question))
