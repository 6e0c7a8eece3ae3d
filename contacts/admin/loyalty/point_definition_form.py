"""The form of a kind of points."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from contacts.models import PointDefinition
from sites.models import Site
from sites.site_choice import offer_sites


class PointDefinitionForm(ServiceErrors, forms.Form):
    """What can change. The service checks it; `show_errors` puts its words in place."""

    name = forms.CharField(max_length=120, help_text="What staff and contacts call them.")
    expires_after_days = forms.IntegerField(
        required=False,
        label="Expire after (days)",
        help_text="Counts for points awarded from then on. Empty: they never expire.",
    )
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Awarded",
        help_text="Switched off, no more are awarded. What contacts have they can still redeem.",
    )

    def __init__(self, data: Any = None, *, definition: PointDefinition | None = None) -> None:
        names = ("name", "expires_after_days", "is_active")
        initial = {name: getattr(definition, name) for name in names} if definition else {}
        super().__init__(data, initial=initial)

    def fill(self, definition: PointDefinition) -> None:
        for name in ("name", "expires_after_days", "is_active"):
            setattr(definition, name, self.cleaned_data[name])


class NewPointDefinitionForm(PointDefinitionForm):
    """Asks as well for what stays as it is made: the site and the id."""

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    number = forms.IntegerField(
        label="Id",
        help_text="A whole number, under which systems know these points. It stays as you make it.",
    )
    field_order = ("site", "name", "number", "expires_after_days", "is_active")

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], chosen: str) -> None:
        super().__init__(data)
        offer_sites(self, sites, chosen)
        self.initial["is_active"] = True

    def new_definition(self) -> PointDefinition:
        given = self.cleaned_data
        definition = PointDefinition(site=given["site"], number=given["number"])
        self.fill(definition)
        return definition
