"""The test contact of a try, and which settings the try uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.forms import BoundField

from integrations.generic_api.options import CustomOption, OptionType, clean_value
from integrations.generic_api.shared_structure import KNOWN_TAGS
from integrations.generic_api.visitor import VisitorData

PREFIX: Final = "trial"
SAVED: Final = "saved"
UNSAVED: Final = "form"
_IDENTITY: Final = ("email", "phone", "name", "personal_identity")
_BOOLEANS: Final = {"": None, "yes": True, "no": False}


class TrialForm(forms.Form):
    email = forms.CharField(required=False, max_length=320, label="E-mail")
    phone = forms.CharField(required=False, max_length=60, label="Phone")
    name = forms.CharField(required=False, max_length=400, label="Full name")
    personal_identity = forms.CharField(required=False, max_length=60, label="Personal identity")
    tag = forms.ChoiceField(
        required=False,
        choices=[("", "None"), *((tag, tag) for tag in sorted(KNOWN_TAGS))],
        label="Tag (redeal)",
        help_text="Goes with Try create/update.",
    )
    uses = forms.ChoiceField(
        choices=((UNSAVED, "What stands in the form above"), (SAVED, "The saved settings")),
        initial=UNSAVED,
        widget=forms.RadioSelect,
        label="Settings to use",
    )

    def __init__(self, data: Any = None, *, options: Sequence[CustomOption]) -> None:
        super().__init__(data, prefix=PREFIX)
        self.options = options
        for name in _IDENTITY:
            self.fields[name].widget.attrs |= {"autocomplete": "off", "data-tries": ""}
        for option in options:
            self.fields[_field_name(option)] = _option_field(option)

    @property
    def identity_fields(self) -> list[BoundField]:
        return [self[name] for name in (*_IDENTITY, "tag")]

    @property
    def option_fields(self) -> list[BoundField]:
        return [self[_field_name(option)] for option in self.options]

    @property
    def has_option_errors(self) -> bool:
        return any(bound.errors for bound in self.option_fields)

    def clean(self) -> None:
        self.option_values: dict[str, Any] = {}
        for option in self.options:
            name = _field_name(option)
            given = self.cleaned_data.get(name)
            value = _BOOLEANS[given or ""] if option.type is OptionType.BOOLEAN else given
            if value is None or value in ("", []):
                continue
            try:
                self.option_values[option.key] = clean_value(option, value)
            except ValueError as error:
                self.add_error(name, f"{option.label} {error}.")

    def visitor(self) -> VisitorData:
        given = {name: self.cleaned_data[name] for name in _IDENTITY}
        return VisitorData(**given, options=self.option_values)


def _field_name(option: CustomOption) -> str:
    return f"option-{option.key}"


def _option_field(option: CustomOption) -> forms.Field:
    match option.type:
        case OptionType.BOOLEAN:
            choices = [("", "Not given"), ("yes", "Yes"), ("no", "No")]
            return forms.ChoiceField(required=False, choices=choices, label=option.label)
        case OptionType.CHOICE:
            choices = [("", "Not given"), *((value, value) for value in option.values)]
            return forms.ChoiceField(required=False, choices=choices, label=option.label)
        case OptionType.CHOICES:
            return forms.MultipleChoiceField(
                required=False,
                choices=[(value, value) for value in option.values],
                widget=forms.CheckboxSelectMultiple,
                label=option.label,
            )
    widget = forms.TextInput(attrs={"autocomplete": "off", "data-tries": ""})
    return forms.CharField(required=False, max_length=2_000, widget=widget, label=option.label)
