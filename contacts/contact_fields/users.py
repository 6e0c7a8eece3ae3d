"""What uses a contact field: rows of the layers above that refer to it and so protect it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from common.uses import models_that_tell
from contacts.models import ContactField


class FieldUser(Protocol):
    """What a model that refers to contact fields says about its rows."""

    @classmethod
    def contact_field_uses(cls, field_ids: Collection[int]) -> Iterable[tuple[int, str]]:
        """Return (primary key of a field, what uses it in words), one pair for each use."""

    @classmethod
    def contact_field_option_uses(cls, field_id: int) -> Iterable[tuple[str, str]]:
        """Return (id of an option, what needs it in words), one pair for each use of the field."""


def users_of(field_ids: Collection[int]) -> dict[int, list[str]]:
    """Return, by primary key of a field, what uses it in words; one query for each kind of user.

    Layers above are not known here by name: their models are found by their foreign keys.
    """
    users: dict[int, list[str]] = {field_id: [] for field_id in field_ids}
    for model in _models("contact_field_uses"):
        for field_id, words in model.contact_field_uses(list(users)):
            users[field_id].append(words)
    return users


def users_of_options(field: ContactField) -> dict[str, list[str]]:
    """Return, by id of each option of a field that something needs, what needs it in words."""
    users: dict[str, list[str]] = {}
    for model in _models("contact_field_option_uses"):
        for option_id, words in model.contact_field_option_uses(field.pk):
            users.setdefault(option_id, []).append(words)
    return users


def _models(question: str) -> Iterable[type[FieldUser]]:
    return models_that_tell(ContactField, question)
