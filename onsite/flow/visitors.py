"""A visitor's data as a submission stores it and as an answer shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from integrations.generic_api.visitor import VisitorData


def visitor_stored(visitor: VisitorData) -> dict[str, Any]:
    """Return what was given, by the names of `VisitorData`."""
    return {name: value for name, value in asdict(visitor).items() if value}


def visitor_read(stored: Mapping[str, Any]) -> VisitorData:
    return VisitorData(**stored)


def visitor_shown(visitor: VisitorData) -> dict[str, Any]:
    """Return what is known by the canonical names, whatever the site calls its keys."""
    shown = {
        "email": visitor.email,
        "phone": visitor.phone,
        "name": visitor.name,
        "personalIdentity": visitor.personal_identity,
        "options": dict(visitor.options),
    }
    return {name: value for name, value in shown.items() if value}
