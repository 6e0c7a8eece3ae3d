"""Temporary: replaced by the discovery of presets."""

from __future__ import annotations

from integrations.preset import Preset


def preset_choices() -> list[tuple[str, str]]:
    return []


def preset_for(key: str) -> Preset:
    raise KeyError(key)


def all_presets() -> tuple[Preset, ...]:
    return ()
