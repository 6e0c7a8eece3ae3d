"""Finds the formats: every module of this folder with one subclass of `Format` named as its key."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from webhooks.outbound import formats as folder
from webhooks.outbound.formats.base import Format


def formats() -> tuple[Format, ...]:
    """Return every format, by label."""
    return tuple(sorted(_by_key().values(), key=lambda each: each.label))


def format_for(key: str) -> Format:
    """Return the format of a key; raises KeyError for one that is not installed."""
    return _by_key()[key]


def format_choices() -> list[tuple[str, str]]:
    return [(each.key, each.label) for each in formats()]


@cache
def _by_key() -> dict[str, Format]:
    found: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Format)
                and value.__module__ == module.__name__
                and getattr(value, "key", "") == module_info.name
            ):
                found[module_info.name] = value()
    return found
