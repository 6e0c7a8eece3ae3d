"""What uses a reception event or a field of it: rows of the layers above that so protect it."""

from __future__ import annotations

from collections.abc import Sequence

from common.uses import pairs_of_users, told, users_of
from webhooks.inbound.models import ReceptionEvent, ReceptionField


def users_of_event(event: ReceptionEvent) -> list[tuple[str, str]]:
    """Return (id of a field, or "" for the event itself, what uses it in words)."""
    return pairs_of_users(event, "reception_event_uses")


def use_errors(
    stored: ReceptionEvent, event: ReceptionEvent, fields: Sequence[ReceptionField]
) -> dict[str, str]:
    """Return why the event cannot be stored with these fields: what is used stays as it is."""
    found: dict[str, str] = {}
    if event.alias != stored.alias and (users := users_of(stored, "reception_event_alias_uses")):
        found["alias"] = (
            f"Activities are counted under the alias, by {told(users)}. Change that first."
        )
    used: dict[str, list[str]] = {}
    for field_id, words in users_of_event(stored):
        used.setdefault(field_id, []).append(words)
    given = {field.field_id: index for index, field in enumerate(fields)}
    for field in stored.fields.filter(field_id__in=used.keys() - {""}):
        index = given.get(field.field_id)
        users_told = told(used[field.field_id])
        if index is None:
            found["fields"] = (
                f"“{field.name}” is in use and cannot be deleted: {users_told}. Change that first."
            )
        elif fields[index].type != field.type:
            found[f"fields.{index}.type"] = (
                f"“{field.name}” is in use and keeps its type: {users_told}. Change that first."
            )
    return found
