from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from contacts.admin.field_words import TYPE_WORDS, option_lines, options_in
from contacts.models import ContactField
from integrations.field_types import FieldType
from sites.models import Site
from sites.site_choice import offer_sites

_MONO: Final = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class ContactFieldForm(ServiceErrors, forms.Form):
    """What of a field can change. The service checks it; `show_errors` puts its words in place."""

    name = forms.CharField(
        max_length=120, help_text="What staff call it, such as “Favourite shop”."
    )
    options = forms.CharField(
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "gold = Gold member", **_MONO}),
        label="Options",
        help_text="One a line: id = label. Systems send the id, people read the label.",
    )
    default_country_code = forms.CharField(
        required=False,
        max_length=4,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "46"}),
        help_text="Digits alone. Numbers that come without a prefix are read as that country's.",
    )

    def __init__(self, data: Any = None, *, field: ContactField | None = None) -> None:
        super().__init__(data, initial={} if field is None else _values(field))

    def fill(self, field: ContactField) -> None:
        """Put what was typed into the field; lines that nobody touched leave its options alone."""
        field.name = self.cleaned_data["name"]
        field.default_country_code = self.cleaned_data["default_country_code"]
        typed = self.cleaned_data["options"]
        if typed.split() != option_lines(field).split():
            field.options = options_in(typed)


class NewContactFieldForm(ContactFieldForm):
    """Asks as well for what stays as it is made: the site, the id and the type."""

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    field_id = forms.CharField(
        max_length=64,
        label="Id",
        widget=forms.TextInput(attrs={"placeholder": "favourite-shop", **_MONO}),
        help_text="What systems call it: letters without accents, digits, hyphens, dots and "
        "underscores. It stays as you make it.",
    )
    type = forms.ChoiceField(
        choices=[(kind.value, TYPE_WORDS[kind]) for kind in FieldType],
        initial=FieldType.TEXT.value,
        help_text="Values that do not fit are left out. The type stays as you make it.",
    )
    field_order = ("site", "name", "field_id", "type")

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], chosen: str = "") -> None:
        super().__init__(data)
        offer_sites(self, sites, chosen)

    def new_field(self) -> ContactField:
        given = self.cleaned_data
        field = ContactField(
            site=given["site"], field_id=given["field_id"].strip(), type=given["type"]
        )
        self.fill(field)
        return field


def _values(field: ContactField) -> dict[str, Any]:
    return {
        "name": field.name,
        "options": option_lines(field),
        "default_country_code": field.default_country_code,
    }
