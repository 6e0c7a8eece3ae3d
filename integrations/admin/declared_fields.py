"""Form fields made from declared settings: of presets, of outbound formats, of ways of signing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms import BoundField

from integrations.settings_fields import FieldKind, SettingField


@dataclass(frozen=True, slots=True)
class FormRow:
    """A declared field on the page; `shown_when` is `other field=value|value`, empty for always."""

    bound: BoundField
    is_required: bool
    is_checkbox: bool
    is_secret: bool
    shown_when: str


def shown_when(field: SettingField, prefix: str) -> str:
    """Return when the row is shown, with `prefix` in front of the other field's key."""
    if field.shown_when is None:
        return ""
    other, values = field.shown_when
    return f"{prefix}{other}={'|'.join(sorted(_as_text(value) for value in values))}"


def plain_field(field: SettingField, value: Any) -> forms.Field:
    """Return the form field of a setting that is no secret, filled with the stored value."""
    common = {"label": field.label, "help_text": field.help_text}
    return _MAKERS[field.kind](field, value, common)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    # A browser would fill the operator's own name into a sender's user name.
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(required=False, initial=value, widget=widget, **common)


def _boolean(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(required=False, initial=bool(value), **common)


def _choice(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    choices = list(field.choices.items())
    if not field.required and field.default is None:
        choices.insert(0, ("", "—"))
    return forms.ChoiceField(required=False, choices=choices, initial=value, **common)


def _pointer(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    widget = forms.TextInput(attrs={"class": "mono", "placeholder": "/path/to/value"})
    return forms.CharField(required=False, initial=value, widget=widget, strip=False, **common)


def _networks(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    return _lines(value or [], "192.0.2.0/24", common)


def _pointers(field: SettingField, value: Any, common: dict[str, Any]) -> forms.Field:
    lines = [f"{name} = {pointer}" for name, pointer in (value or {}).items()]
    return _lines(lines, "name = /path/to/value", common)


def _lines(lines: list[str], placeholder: str, common: dict[str, Any]) -> forms.Field:
    rows = min(max(len(lines) + 1, 2), 12)
    widget = forms.Textarea(attrs={"class": "mono", "rows": rows, "placeholder": placeholder})
    return forms.CharField(required=False, initial="\n".join(lines), widget=widget, **common)


_MAKERS: Final[Mapping[FieldKind, Callable[[SettingField, Any, dict[str, Any]], forms.Field]]] = {
    FieldKind.TEXT: _text,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.CHOICE: _choice,
    FieldKind.POINTER: _pointer,
    FieldKind.NETWORKS: _networks,
    FieldKind.POINTERS: _pointers,
}
