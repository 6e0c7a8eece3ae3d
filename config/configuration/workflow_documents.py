"""Definitions of workflows in files: what one installation knows by an id, a file calls by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from automation.workflows.site_things import SiteThings

# Kind of trigger or action → the setting that holds an id, and the names by id.
_NamesOf = Callable[[SiteThings], Mapping[str, str]]


def _named(rows: Mapping[str, Any], attribute: str = "name") -> dict[str, str]:
    return {key: getattr(row, attribute) for key, row in rows.items()}


_PLACES: Final[Mapping[str, tuple[str, _NamesOf]]] = {
    "reception_event": ("event", lambda things: _named(things.reception_events, "alias")),
    "inbound_event": ("source", lambda things: _named(things.sources)),
    "segment_entry": ("segment", lambda things: _named(things.segments)),
    "segment_exit": ("segment", lambda things: _named(things.segments)),
    "schedule": ("segment", lambda things: _named(things.segments)),
    "assign_promotion": ("promotion", lambda things: _named(things.promotions)),
    "send_event": ("event", lambda things: _named(things.send_events)),
}


def with_names(document: Mapping[str, Any], things: SiteThings) -> dict[str, Any]:
    """Return a definition for a file."""
    return _with(document, lambda kind, settings: _replaced(kind, settings, things, to_names=True))


def with_ids(document: Mapping[str, Any], things: SiteThings) -> dict[str, Any]:
    """Return a file's definition with the ids of this installation.

    A name that is not there, or is not the only one of its kind, stays as it is: reading the
    definition then says what is missing.
    """
    return _with(document, lambda kind, settings: _replaced(kind, settings, things, to_names=False))


def _with(
    document: Mapping[str, Any], replace: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    changed = dict(document)
    trigger = document.get("trigger")
    if isinstance(trigger, Mapping):
        changed["trigger"] = replace(str(trigger.get("type")), dict(trigger))
    steps = document.get("steps")
    if isinstance(steps, list):
        changed["steps"] = [_step(each, replace) for each in steps]
    return changed


def _step(step: Any, replace: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Any:
    if not isinstance(step, Mapping) or not isinstance(step.get("settings"), Mapping):
        return step
    settings = replace(str(step.get("action")), dict(step["settings"]))
    return {**step, "settings": settings}


def _replaced(
    kind: str, settings: dict[str, Any], things: SiteThings, *, to_names: bool
) -> dict[str, Any]:
    if kind not in _PLACES:
        return settings
    place, names_of = _PLACES[kind]
    names = names_of(things)
    given = settings.get(place)
    if to_names:
        settings[place] = names.get(str(given), given)
    else:
        keys = [key for key, name in names.items() if name == given]
        settings[place] = keys[0] if len(keys) == 1 else given
    return settings
