"""Custom options: what a campaign collects besides who the visitor is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from integrations.generic_api.custom_option import CustomOption, OptionType, StoredAs
from integrations.generic_api.option_values import clean_value
from integrations.generic_api.variable_names import clean_variable_name

if TYPE_CHECKING:
    from integrations.models import GenericApi

__all__ = [
    "MOST_OPTIONS",
    "BadOptions",
    "CustomOption",
    "OptionType",
    "StoredAs",
    "clean_value",
    "options_json",
    "options_of",
    "parse_options",
]

MOST_OPTIONS: Final = 50
MOST_VALUES: Final = 100
_LONGEST_LABEL: Final = 120
_LONGEST_VALUE: Final = 200
_ROW_KEYS: Final = frozenset(("key", "label", "type", "values", "stored_as"))

Choice = TypeVar("Choice", bound=StrEnum)


class BadOptions(ValueError):
    """The rows make no options; the message is a sentence that names the row."""


def parse_options(rows: Any, taken: Collection[str] = ()) -> tuple[CustomOption, ...]:
    """Return the options of rows `{key, label, type, values, stored_as}`; only `key` is needed.

    `taken` are the names that the four *Key* settings use. Raises BadOptions.
    """
    if not isinstance(rows, list | tuple):
        raise BadOptions("Custom options are a list with one entry for each option.")
    if len(rows) > MOST_OPTIONS:
        raise BadOptions(f"These are {len(rows)} custom options; at most {MOST_OPTIONS} are taken.")
    options: list[CustomOption] = []
    for number, row in enumerate(rows, start=1):
        try:
            option = _option(row)
            _check_free(option, options, taken)
        except ValueError as error:
            raise BadOptions(f"{_named(number, row)}: {error}") from None
        options.append(option)
    return tuple(options)


def options_json(options: Sequence[CustomOption]) -> list[dict[str, Any]]:
    """Return the rows that `parse_options` reads, in one form for the same options."""
    return [
        {
            "key": option.key,
            "label": option.label,
            "type": option.type.value,
            "values": list(option.values),
            "stored_as": option.stored_as.value,
        }
        for option in options
    ]


def options_of(api: GenericApi) -> tuple[CustomOption, ...]:
    """Return the options of a site; none when rows were stored past the service and make none."""
    try:
        return parse_options(api.custom_options)
    except ValueError:
        return ()


def _option(row: Any) -> CustomOption:
    if not isinstance(row, Mapping):
        raise BadOptions("this is no option. Give its key, label and type.")
    unknown = [str(key) for key in row if key not in _ROW_KEYS]
    if unknown:
        raise BadOptions(f"“{unknown[0][:40]}” is no property of an option.")
    key = clean_variable_name(_text(row.get("key"), "key", 1_000))
    option = CustomOption(
        key=key,
        label=_text(row.get("label"), "label", _LONGEST_LABEL) or key,
        type=_choice(OptionType, row.get("type"), "type") or OptionType.TEXT,
        values=_values(row.get("values")),
        stored_as=_choice(StoredAs, row.get("stored_as"), "place") or StoredAs.ATTRIBUTE,
    )
    if option.has_values and not option.values:
        raise BadOptions("list the values that a visitor can choose from.")
    if option.values and not option.has_values:
        raise BadOptions("only a choice has values. Remove them, or choose another type.")
    if option.stored_as is not StoredAs.ATTRIBUTE and option.type is not OptionType.BOOLEAN:
        raise BadOptions("only yes or no can be stored as a preference or a consent.")
    return option


def _check_free(
    option: CustomOption, others: Sequence[CustomOption], taken: Collection[str]
) -> None:
    if option.key in taken:
        raise BadOptions("one of the four Key settings has this name already.")
    if any(option.key == other.key for other in others):
        raise BadOptions("another option has this key already.")
    if option.stored_as not in (StoredAs.ATTRIBUTE, StoredAs.CONSENT) and any(
        option.stored_as is other.stored_as for other in others
    ):
        raise BadOptions("another option is stored as this preference already.")


def _values(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list | tuple):
        raise BadOptions("its values must be a list.")
    values = tuple(dict.fromkeys(_text(value, "value", _LONGEST_VALUE) for value in given))
    if "" in values:
        raise BadOptions("one of its values is empty.")
    if len(values) > MOST_VALUES:
        raise BadOptions(f"it has {len(values)} values; at most {MOST_VALUES} are taken.")
    return values


def _text(given: Any, what: str, longest: int) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadOptions(f"its {what} must be text.")
    text = given.strip()
    if len(text) > longest:
        raise BadOptions(f"its {what} is longer than {longest} characters.")
    if not text.isprintable():
        raise BadOptions(f"its {what} holds a character that cannot be seen.")
    return text


def _choice(kind: type[Choice], given: Any, what: str) -> Choice | None:
    if given is None or given == "":
        return None
    try:
        return kind(given)
    except ValueError:
        raise BadOptions(f"its {what} must be one of: {', '.join(kind)}.") from None


def _named(number: int, row: Any) -> str:
    key = row.get("key") if isinstance(row, Mapping) else None
    quoted = f" (“{key[:40]}”)" if isinstance(key, str) and key.strip() else ""
    return f"Option {number}{quoted}"
