"""One custom option: its name in the JSON, its type, and where a contact keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OptionType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"


class StoredAs(StrEnum):
    """Where a contact keeps the option. Only a boolean may be something other than an attribute."""

    ATTRIBUTE = "attribute"
    EMAIL_PREFERENCE = "email_preference"
    SMS_PREFERENCE = "sms_preference"
    POSTAL_PREFERENCE = "postal_preference"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomOption:
    """One option. `key` is its name in the JSON; `values` are the allowed ones of a choice."""

    key: str
    label: str
    type: OptionType = OptionType.TEXT
    values: tuple[str, ...] = ()
    stored_as: StoredAs = StoredAs.ATTRIBUTE

    @property
    def has_values(self) -> bool:
        return self.type in (OptionType.CHOICE, OptionType.CHOICES)
