"""The form of a consent: what it is called, and its texts, one column for each culture."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from contacts.consents.texts import CONDITION, LABELS, LONGEST, PARTS, culture_normalised
from contacts.models import ConsentDefinition, ConsentText
from sites.models import Site
from sites.site_choice import offer_sites

_MONO: Final = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}
_EMPTY_COLUMNS: Final = {True: 1, False: 2}


class ConsentForm(ServiceErrors, forms.Form):
    """What can change. The service checks it; `show_errors` puts its words in place."""

    name = forms.CharField(max_length=200, help_text="What staff call it.")
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Asked for",
        help_text="Listed for shops and forms that ask. Switched off, answers stay as they are.",
    )

    def __init__(self, data: Any = None, *, definition: ConsentDefinition | None = None) -> None:
        initial = (
            {}
            if definition is None
            else {"name": definition.name, "is_active": definition.is_active}
        )
        super().__init__(data, initial=initial)

    def fill(self, definition: ConsentDefinition) -> None:
        definition.name = self.cleaned_data["name"]
        definition.is_active = self.cleaned_data["is_active"]


class NewConsentForm(ConsentForm):
    """Asks as well for what stays as it is made: the site and the id."""

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    consent_id = forms.CharField(
        max_length=120,
        label="Id",
        widget=forms.TextInput(attrs={"placeholder": "memberTerms", **_MONO}),
        help_text="What systems call it, exactly as they send it. It stays as you make it.",
    )
    field_order = ("site", "name", "consent_id", "is_active")

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], chosen: dict[str, str]) -> None:
        super().__init__(data)
        offer_sites(self, sites)
        self.initial.update(is_active=True, **chosen)

    def new_definition(self) -> ConsentDefinition:
        given = self.cleaned_data
        definition = ConsentDefinition(site=given["site"], consent_id=given["consent_id"])
        self.fill(definition)
        return definition


class CultureForm(forms.Form):
    """One column of texts; an empty one is left out."""

    culture = forms.CharField(
        required=False,
        max_length=12,
        label="Culture",
        widget=forms.TextInput(attrs={"placeholder": "sv-SE", **_MONO}),
    )
    display = forms.CharField(
        required=False,
        max_length=LONGEST["display"],
        label=LABELS["display"],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    link = forms.CharField(required=False, max_length=LONGEST["link"], label=LABELS["link"])
    condition = forms.CharField(
        required=False,
        max_length=LONGEST[CONDITION],
        strip=False,
        label=f"{LABELS[CONDITION]} (HTML)",
        widget=forms.Textarea(attrs={"rows": 10, **_MONO}),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        has_text = any(given.get(part, "").strip() for part in PARTS)
        if has_text and culture_normalised(given.get("culture", "")) is None:
            self.add_error("culture", "Write language and country, such as sv-SE.")
        return given


CultureFormSet = forms.formset_factory(CultureForm, extra=0)


def culture_forms(data: Any = None, text: ConsentText | None = None) -> Any:
    """Return the columns: those of a version, and empty ones to fill in."""
    texts = text.texts if text else {}
    columns = [{"culture": culture, **parts} for culture, parts in texts.items()]
    columns += [{}] * _EMPTY_COLUMNS[bool(texts)]
    return CultureFormSet(data, initial=columns, prefix="texts")


def texts_in(forms_given: Any) -> dict[str, dict[str, str]]:
    """Return what was typed by culture; raises ValidationError for one that is there twice."""
    texts: dict[str, dict[str, str]] = {}
    for form in forms_given:
        parts = {part: form.cleaned_data.get(part, "") for part in PARTS}
        if not any(value.strip() for value in parts.values()):
            continue
        culture = culture_normalised(form.cleaned_data["culture"]) or ""
        if culture in texts:
            raise ValidationError(f"{culture} is there twice.")
        texts[culture] = parts
    return texts
