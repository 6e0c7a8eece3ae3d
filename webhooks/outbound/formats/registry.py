"""Finds the formats: every module here that defines one, by its name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from webhooks.outbound import formats as folder
from webhooks.outbound.formats.base import Format


def formats() -> tuple[Format, ...]:
    """Return every format, ordered by label."""
    return tuple(sorted(_by_key().values(), key=lambda each: each.label))


def format_for(key: str) -> Format | None:
    """Return the format of a key, None for one that is no longer installed."""
    return _by_key().get(key)


@cache
def _by_key() -> dict[str, Format]:
    found = {}
    for module_info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        for each in _formats_in(module):
            if each.key != module_info.name:
                raise ImportError(f"{module.__name__} must have the key of its format as a name.")
            found[each.key] = each()
    return found


def _formats_in(module: ModuleType) -> list[type[Format]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Format)
        and value is not Format
        and value.__module__ == module.__name__
    ]
