"""The person a Generic API talks about, free of the names a site gives the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorData:
    """What is known of a visitor; empty text means not given, and is never sent.

    `name` is the full name in one field. `options` maps the key of a custom option to its value,
    as JSON: text, number (a decimal as text), true or false, or a list of text.
    """

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    personal_identity: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def has_identity(self) -> bool:
        return bool(self.email or self.phone or self.personal_identity)
