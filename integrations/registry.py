"""Finds the presets: every folder in `presets/` that has a `preset.py`, by its name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from integrations import presets
from integrations.missing_preset import MissingPreset
from integrations.preset import Preset


def preset_choices() -> list[tuple[str, str]]:
    """Return key and label of every preset, offered or not, by label.

    Migrations name this function by its dotted path: it must not move.
    """
    return [(preset.key, preset.label) for preset in all_presets()]


def preset_for(key: str) -> Preset:
    """Return the preset of a key; an unknown key gives a stand-in that refuses everything."""
    return _presets_by_key().get(key) or MissingPreset(key)


def all_presets() -> tuple[Preset, ...]:
    """Return every installed preset, ordered by label."""
    return tuple(sorted(_presets_by_key().values(), key=lambda preset: preset.label))


def offered_presets() -> tuple[Preset, ...]:
    """Return the presets of which an operator makes sources, ordered by label."""
    return tuple(preset for preset in all_presets() if preset.is_offered)


@cache
def _presets_by_key() -> dict[str, Preset]:
    found = {}
    for module_info in pkgutil.iter_modules(presets.__path__):
        if module_info.ispkg:
            module = importlib.import_module(f"{presets.__name__}.{module_info.name}.preset")
            found[module_info.name] = _preset_class(module, module_info.name)()
    return found


def _preset_class(module: ModuleType, folder: str) -> type[Preset]:
    """Return the one preset that the module itself defines, named as its folder."""
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Preset)
        and value.__module__ == module.__name__
    ]
    if len(own) != 1 or own[0].key != folder:
        raise ImportError(f"{module.__name__} must define one Preset whose key is {folder!r}.")
    return own[0]
