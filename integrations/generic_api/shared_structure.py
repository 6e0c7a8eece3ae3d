"""The one JSON structure of a contact, the same in both directions.

Source: Voyado Engage Onsite, page *Generic API integration*. The page fixes that custom options
are plain extra keys, that unknown keys are ignored, and the key `redeal`; a key that the visitor
did not supply is left out (our decision: never sent as null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from integrations.generic_api.option_values import clean_text, json_value
from integrations.generic_api.options import CustomOption, clean_value, options_of
from integrations.generic_api.variable_names import TAG_KEY
from integrations.generic_api.visitor import VisitorData

if TYPE_CHECKING:
    from integrations.models import GenericApi

# Exactly these; there is no ExistingSignup and no ConvertedSignup.
KNOWN_TAGS: Final = frozenset(
    (
        "NewAmbassador",
        "NewFriend",
        "NewSignup",
        "ExistingAmbassador",
        "ExistingFriend",
        "ConvertedAmbassador",
        "ConvertedFriend",
    )
)
_LONGEST_TAG: Final = 100
# Field of VisitorData to the longest text that is taken.
_LONGEST: Final = {"email": 320, "phone": 60, "name": 400, "personal_identity": 60}
# What other systems also write as a number.
_NUMBER_LIKE: Final = frozenset(("phone", "personal_identity"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """What a document said that was understood; `notes` are sentences without any value in them."""

    visitor: VisitorData
    tag: str = ""
    notes: tuple[str, ...] = field(default=())


def to_shared(api: GenericApi, visitor: VisitorData, tag: str = "") -> dict[str, Any]:
    """Return the visitor as plain JSON values under the site's key names.

    Only what was supplied, only options that are configured and whose value fits; `redeal` only
    with a tag. Whole numbers and fractions are JSON numbers, or text where a reader would round.
    """
    document: dict[str, Any] = {}
    for name, key in key_names(api).items():
        text = getattr(visitor, name)
        if text:
            document[key] = text
    for option in options_of(api):
        try:
            value = clean_value(option, visitor.options[option.key])
        except (KeyError, ValueError):
            continue
        if value != "":
            document[option.key] = json_value(option, value)
    if tag:
        document[TAG_KEY] = tag
    return document


def from_shared(api: GenericApi, document: Mapping[str, Any]) -> ReadDocument:
    """Return what the document says under the configured keys; all else is ignored.

    Null and empty text mean not given. A value of a wrong type is dropped with a note. A tag that
    is none of the known ones is returned, with a note.
    """
    notes: list[str] = []
    texts = {
        name: _text(key, document.get(key), _LONGEST[name], name in _NUMBER_LIKE, notes)
        for name, key in key_names(api).items()
    }
    options = {
        option.key: value
        for option in options_of(api)
        if (value := _option_value(option, document.get(option.key), notes)) is not None
    }
    tag = _text(TAG_KEY, document.get(TAG_KEY), _LONGEST_TAG, False, notes)
    if tag and tag not in KNOWN_TAGS:
        notes.append(f"“{TAG_KEY}” is none of the known kinds of contact.")
    return ReadDocument(visitor=VisitorData(**texts, options=options), tag=tag, notes=tuple(notes))


def key_names(api: GenericApi) -> dict[str, str]:
    """Return the field of `VisitorData` to the name that the site gives it, in the form's order."""
    return {
        "email": api.email_key,
        "phone": api.phone_key,
        "name": api.name_key,
        "personal_identity": api.personal_identity_key,
    }


def _text(key: str, value: Any, longest: int, number_like: bool, notes: list[str]) -> str:
    if value is None:
        return ""
    if number_like and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        return clean_text(value, longest)
    except ValueError as error:
        notes.append(f"“{key}” {error}; it was left out.")
        return ""


def _option_value(option: CustomOption, value: Any, notes: list[str]) -> Any:
    if value is None or value == "":
        return None
    try:
        cleaned = clean_value(option, value)
    except ValueError as error:
        notes.append(f"“{option.key}” {error}; it was left out.")
        return None
    return None if cleaned == "" else cleaned
