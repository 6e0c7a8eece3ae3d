"""The form of a custom integration: its name and how people tell it from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from integrations.models import Colour, CustomIntegration, Icon
from sites.models import Site
from sites.site_choice import offer_sites
from webhooks.inbound.admin.custom_integrations.marks import mark

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[CustomIntegration]
else:
    _ModelForm = forms.ModelForm


class IntegrationForm(ServiceErrors, _ModelForm):
    class Meta:
        model = CustomIntegration
        fields = ("name", "colour", "icon", "category", "description")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "colour": forms.RadioSelect,
            "icon": forms.RadioSelect,
            "description": forms.Textarea(attrs={"rows": 3, "maxlength": 1000}),
        }
        help_texts = {
            "name": "As people here call the system that sends, such as “Store tills”.",
            "description": "What comes from it and who looks after it.",
        }

    def __init__(self, data: Any = None, *, instance: CustomIntegration) -> None:
        super().__init__(data, instance=instance)
        # A palette has no blank choice; the model's form would add one.
        for name, palette in (("colour", Colour), ("icon", Icon)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = palette.choices

    def swatches(self) -> list[tuple[Any, Any]]:
        return [(box, mark(box.data["value"], "plug")) for box in self["colour"]]

    def icons(self) -> list[tuple[Any, Any]]:
        return [(box, mark("grey", box.data["value"])) for box in self["icon"]]


class SiteChoice(forms.Form):
    """On which site a new integration is made; left out where there is but one."""

    site: forms.ModelChoiceField[Site] = forms.ModelChoiceField(
        Site.objects.none(), error_messages={"required": "Choose the site that it belongs to."}
    )

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], chosen: str = "") -> None:
        super().__init__(data)
        offer_sites(self, sites, chosen)
        if sites.count() == 1:
            self.fields["site"].disabled = True
            self.initial["site"] = sites.get().pk
