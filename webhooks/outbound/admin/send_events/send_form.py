"""The form *Send now*: a value per field, turned into the JSON that a program would send."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from integrations.field_types import FieldDefinition, FieldType
from webhooks.outbound.models import SendEvent

_VALUE: Final = "value-"
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,40})?")
_BOOLEANS: Final = {"true": True, "false": False}
_HINTS: Final = {
    FieldType.INTEGER: "A whole number.",
    FieldType.DECIMAL: "A number, with a point.",
    FieldType.DATE: "Such as 2024-03-15 or 2024-03-15T10:30:00Z.",
    FieldType.PHONE: "With + and the country code, or as in its country.",
}


class SendForm(forms.Form):
    """The service checks the values; this only says which JSON type a text is meant to be."""

    contact_email = forms.CharField(
        required=False,
        max_length=254,
        label="About the contact with this e-mail (optional)",
        help_text="Formats that name a person take it from the contact.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, data: QueryDict | None = None, *, event: SendEvent) -> None:
        super().__init__(data, prefix="send")
        self.definitions = {definition.id: definition for definition, _ in event.definitions}
        about = self.fields.pop("contact_email")
        for definition, is_required in event.definitions:
            field = _field(definition)
            field.label = f"{definition.name}{'' if is_required else ' (optional)'}"
            self.fields[f"{_VALUE}{definition.id}"] = field
        self.fields["contact_email"] = about

    def values(self) -> dict[str, Any]:
        """Return what was filled in, by field id."""
        given = {
            key: _json_value(definition, self.cleaned_data.get(f"{_VALUE}{key}"))
            for key, definition in self.definitions.items()
        }
        return {key: value for key, value in given.items() if value is not None}

    def show_errors(self, error: ValidationError) -> None:
        for name, sentences in error.message_dict.items():
            place = name.replace("values.", _VALUE, 1)
            self.add_error(place if place in self.fields else None, sentences)


def _field(definition: FieldDefinition) -> forms.Field:
    choices = [(option.id, option.label) for option in definition.options]
    match definition.type:
        case FieldType.BOOLEAN:
            yes_no = [("", "—"), ("true", "Yes"), ("false", "No")]
            return forms.ChoiceField(choices=yes_no, required=False)
        case FieldType.RADIO:
            return forms.ChoiceField(choices=[("", "—"), *choices], required=False)
        case FieldType.CHECKBOX:
            return forms.MultipleChoiceField(
                choices=choices, required=False, widget=forms.CheckboxSelectMultiple
            )
    # Blanks count: what is checked is what is sent.
    is_text = definition.type is FieldType.TEXT
    return forms.CharField(
        required=False,
        strip=not is_text,
        help_text=_HINTS.get(definition.type, ""),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _json_value(definition: FieldDefinition, given: Any) -> Any:
    """Return the value in the JSON type of the field, else the text, which is then refused."""
    if given in (None, "", []):
        return None
    if definition.type is FieldType.INTEGER and _WHOLE.fullmatch(given):
        return int(given)
    if definition.type is FieldType.DECIMAL and _NUMBER.fullmatch(given):
        return Decimal(given)
    if definition.type is FieldType.BOOLEAN:
        return _BOOLEANS.get(given, given)
    return given
