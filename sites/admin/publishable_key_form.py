"""The form of a publishable key."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from sites.models import PublishableKey, Site
from sites.site_choice import offer_sites

_SEPARATORS: Final = re.compile(r"[\s,;]+")


class PublishableKeyForm(ServiceErrors, forms.Form):
    """Values go to the service as given; what it refuses comes back through `show_errors`."""

    name = forms.CharField(
        max_length=120,
        help_text="The shop, page or app that uses it, such as “Web shop” or “iOS app”.",
    )
    allowed_origins = forms.CharField(
        required=False,
        max_length=30_000,
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "class": "mono",
                "spellcheck": "false",
                "placeholder": "https://shop.example.com",
            }
        ),
        label="Pages from these origins",
        help_text="Scheme and host as the address bar shows them, one a line. A first part * "
        "stands for any one name: https://*.example.com. Only localhost may use http://.",
    )
    allows_apps = forms.BooleanField(
        required=False,
        label="Mobile apps may use it",
        help_text="Lets in requests that name no origin, as those of apps do. Any program can send "
        "such requests, so leave it off for a key that only pages use.",
    )

    def __init__(self, data: Any = None, *, key: PublishableKey | None = None) -> None:
        super().__init__(data, initial={} if key is None else _values(key))

    def origins(self) -> list[str]:
        text: str = self.cleaned_data["allowed_origins"]
        return [entry for entry in _SEPARATORS.split(text) if entry]


class NewPublishableKeyForm(PublishableKeyForm):
    """Asks for the site as well: one of those that are passed."""

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    field_order = ("site", "name")

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], chosen: str = "") -> None:
        super().__init__(data)
        offer_sites(self, sites, chosen)


def _values(key: PublishableKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "allowed_origins": "\n".join(key.allowed_origins),
        "allows_apps": key.allows_apps,
    }
