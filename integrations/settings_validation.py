"""Turns what an operator or a file gave into a valid config, with an error beside each field.

The result is plain JSON (text, booleans, lists, objects of text), so that it can be stored,
compared for an audit and exported as it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from integrations.pointers import clean_pointer
from integrations.request import PresetConfig
from integrations.settings_fields import FieldKind, SettingField

_LONGEST_TEXT: Final = 1000
_MOST_NETWORKS: Final = 200
_MOST_POINTERS: Final = 100
_MOST_SECRETS: Final = 5
_POINTER_NAME: Final = re.compile(r"[^\W\d][\w.\- ]{0,63}")


def clean_config(
    fields: Sequence[SettingField], config: PresetConfig
) -> tuple[PresetConfig, dict[str, str]]:
    """Return the normalised config and the errors by field key; empty when it may be saved.

    A field that does not apply is dropped, a secret too: what nobody sees should not linger.
    """
    errors = _unknown_keys(fields, config)
    values: dict[str, Any] = {}
    for field in fields:
        if not _applies(field, values):
            continue
        given = (config.secrets if field.kind.is_secret else config.settings).get(field.key)
        try:
            value = _clean_field(field, given)
        except ValueError as error:
            errors[field.key] = str(error)
            continue
        if _is_blank(value):
            if field.required:
                errors[field.key] = f"{field.label} must not be empty. Fill this in."
            continue
        values[field.key] = value
    secret_keys = {field.key for field in fields if field.kind.is_secret}
    return (
        PresetConfig(
            settings={key: value for key, value in values.items() if key not in secret_keys},
            secrets={key: value for key, value in values.items() if key in secret_keys},
        ),
        errors,
    )


def _unknown_keys(fields: Sequence[SettingField], config: PresetConfig) -> dict[str, str]:
    settings = {field.key for field in fields if not field.kind.is_secret}
    secrets = {field.key for field in fields if field.kind.is_secret}
    unknown = (set(config.settings) - settings) | (set(config.secrets) - secrets)
    return dict.fromkeys(sorted(unknown), "There is no such setting. Remove it.")


def _applies(field: SettingField, values: Mapping[str, Any]) -> bool:
    """Return whether the field's mode is chosen; `values` lacks fields that do not apply."""
    if field.shown_when is None:
        return True
    other, wanted = field.shown_when
    return values.get(other) in wanted


def _clean_field(field: SettingField, given: Any) -> Any:
    if _is_blank(given):
        given = field.default
    if _is_blank(given):
        return None
    value = _CLEANERS[field.kind](given, field)
    if field.clean is None or _is_blank(value):
        return value
    if field.kind is FieldKind.SECRETS:
        return [field.clean(secret) for secret in value]
    return field.clean(value)


def _is_blank(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _clean_text(value: Any, field: SettingField) -> str:
    text = _text(value)
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"This may have at most {_LONGEST_TEXT} characters.")
    if any(not (character.isprintable() or character == "\n") for character in text):
        raise ValueError("This holds a character that cannot be seen. Type it instead of pasting.")
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError("This must be text.")


def _clean_boolean(value: Any, field: SettingField) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ValueError("This must be true or false.")


def _clean_choice(value: Any, field: SettingField) -> str:
    if not isinstance(value, str) or value not in field.choices:
        raise ValueError(f"Choose one of: {', '.join(field.choices)}.")
    return value


def _clean_networks(value: Any, field: SettingField) -> list[str]:
    entries = _text_list(value, separators=r"[\s,;]+")
    if len(entries) > _MOST_NETWORKS:
        raise ValueError(f"At most {_MOST_NETWORKS} addresses and networks are taken.")
    return list(dict.fromkeys(_network(entry) for entry in entries))


def _network(entry: str) -> str:
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise ValueError(
            f"“{entry[:60]}” is neither an IP address nor a network such as 192.0.2.0/24."
        ) from None
    single = network.num_addresses == 1
    return str(network.network_address) if single else str(network)


def _clean_one_pointer(value: Any, field: SettingField) -> str:
    return clean_pointer(_clean_text(value, field))


def _clean_pointers(value: Any, field: SettingField) -> dict[str, str]:
    pairs = value if isinstance(value, Mapping) else dict(_pointer_lines(value))
    if len(pairs) > _MOST_POINTERS:
        raise ValueError(f"At most {_MOST_POINTERS} names are taken.")
    cleaned: dict[str, str] = {}
    for name, pointer in pairs.items():
        if not isinstance(name, str) or not _POINTER_NAME.fullmatch(name.strip()):
            raise ValueError(
                f"“{str(name)[:64]}” is no name: begin with a letter, then use letters, digits, "
                "blanks, dots, - or _, at most 64 in all."
            )
        try:
            cleaned[name.strip()] = _clean_one_pointer(pointer, field)
        except ValueError as error:
            raise ValueError(f"{name.strip()}: {error}") from None
    return cleaned


def _pointer_lines(value: Any) -> list[tuple[str, str]]:
    """Read `name = /pointer`, one a line, as a form's text area gives it."""
    pairs = []
    for line in _text_list(value, separators=r"[\r\n]+"):
        name, equals, pointer = line.partition("=")
        if not equals:
            raise ValueError(f"“{line[:60]}” should read: name = /pointer.")
        pairs.append((name.strip(), pointer.strip()))
    return pairs


def _clean_secret(value: Any, field: SettingField) -> str:
    # A copied secret often brings a line end along; no sender signs with one.
    return _text(value)


def _clean_secrets(value: Any, field: SettingField) -> list[str]:
    secrets = list(dict.fromkeys(_text_list(value, separators=r"[\r\n]+")))
    if len(secrets) > _MOST_SECRETS:
        raise ValueError(f"At most {_MOST_SECRETS} secrets may be current at a time.")
    return secrets


def _text_list(value: Any, *, separators: str) -> list[str]:
    entries = re.split(separators, value) if isinstance(value, str) else value
    if not isinstance(entries, Sequence) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("This must be a list of texts.")
    return [entry.strip() for entry in entries if entry.strip()]


_CLEANERS: Final[Mapping[FieldKind, Callable[[Any, SettingField], Any]]] = {
    FieldKind.TEXT: _clean_text,
    FieldKind.BOOLEAN: _clean_boolean,
    FieldKind.CHOICE: _clean_choice,
    FieldKind.NETWORKS: _clean_networks,
    FieldKind.POINTER: _clean_one_pointer,
    FieldKind.POINTERS: _clean_pointers,
    FieldKind.SECRET: _clean_secret,
    FieldKind.SECRETS: _clean_secrets,
}
