from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry
from config.configuration.references import References
from config.configuration.section import Applying
from contacts.loyalty.definitions import point_definition_delete, point_definition_save
from contacts.models import PointDefinition
from sites.models import Site

_KEYS: Final = ("id", "name", "expires_after_days", "active")


class PointDefinitionsSection:
    """The kinds of points of the site, by id; one that a source told of is a kind as any other."""

    key = "point_definitions"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        return [_exported(each) for each in site.point_definitions.order_by("number")]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {each.number: each for each in run.site.point_definitions.order_by("number")}
        if not isinstance(value, list):
            run.problems.add(self.key, "This must be a list.")
            return
        seen: set[int] = set()
        for index, item in enumerate(value):
            entry = Entry(f"{self.key}[{index}]", item, known=_KEYS, problems=run.problems)
            number = _number(entry, seen)
            if number is not None:
                known = present.pop(number, PointDefinition(site=run.site, number=number))
                _apply(run, entry, known)
        for definition in present.values():
            _unlisted(run, definition)


def _exported(definition: PointDefinition) -> dict[str, Any]:
    days = definition.expires_after_days
    return {
        "id": definition.number,
        "name": definition.name,
        # 0 is never: a file that leaves the key out changes nothing.
        "expires_after_days": days or 0,
        "active": definition.is_active,
    }


def _number(entry: Entry, seen: set[int]) -> int | None:
    number = entry.number("id")
    if number is None:
        entry.problem("id", "Every kind of points needs its id, a whole number from 1 on.")
    elif number in seen:
        entry.problem("id", f"{number} is listed twice.")
        return None
    else:
        seen.add(number)
    return number


def _apply(run: Applying, entry: Entry, definition: PointDefinition) -> None:
    before = len(run.problems.lines)
    name, days = entry.text("name"), entry.number("expires_after_days")
    active = entry.flag("active")
    if len(run.problems.lines) > before:
        return
    definition.name = definition.name if name is None else name
    if days is not None:
        definition.expires_after_days = days or None
    definition.is_active = definition.is_active if active is None else active
    try:
        point_definition_save(definition=definition, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(entry.path, error, _key_of)


def _unlisted(run: Applying, definition: PointDefinition) -> None:
    if not run.prune:
        run.unlisted.append(f"points {definition.number}")
        return
    try:
        point_definition_delete(definition=definition, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(PointDefinitionsSection.key, error)


def _key_of(name: str) -> str:
    return {"number": "id", "is_active": "active"}.get(name, name)
