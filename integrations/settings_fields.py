"""Declared settings of a preset: the admin form and configuration as code are made from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FieldKind(StrEnum):
    TEXT = "text"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    NETWORKS = "networks"  # list of IP addresses and CIDR networks
    POINTER = "pointer"  # one JSON Pointer (RFC 6901)
    POINTERS = "pointers"  # mapping of a name to a JSON Pointer
    SECRET = "secret"  # noqa: S105 - one secret text
    SECRETS = "secrets"  # several current secrets, newest first

    @property
    def is_secret(self) -> bool:
        return self in (FieldKind.SECRET, FieldKind.SECRETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One declared field.

    `choices` maps a stored value to its label. `shown_when` names another field and the values of
    it for which this one applies; when it does not apply it is neither shown nor required.
    `clean` gets the value (of SECRETS, one secret at a time) and returns it normalised, or raises
    ValueError with a sentence. `generate` makes a secret where this side may choose it.
    `site_default` names the field of the site whose value a new source starts with.
    """

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    default: Any = None
    help_text: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    shown_when: tuple[str, frozenset[str]] | None = None
    clean: Callable[[Any], Any] | None = None
    generate: Callable[[], str] | None = None
    site_default: str = ""
