"""The form of an API key. It asks for a last day where the key has an instant."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet

from common.admin.service_errors import ServiceErrors
from sites.api_keys.scope_table import COLUMNS, RESOURCES
from sites.models import ApiKey, Scope, Site
from sites.site_choice import offer_sites

_SEPARATORS: Final = re.compile(r"[\s,;]+")
# The form's name of a field of the key, where it is another.
_SHOWN_AS: Final = {"expires_at": "last_day"}


class ApiKeyForm(ServiceErrors, forms.Form):
    """Values go to the service as given; what it refuses comes back through `show_errors`."""

    name = forms.CharField(
        max_length=120, help_text="Who or what uses it, such as “Web shop” or “Summer campaign”."
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        error_messages={"required": "Choose at least one."},
    )
    allowed_networks = forms.CharField(
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        label="Only from these addresses",
        help_text="Addresses or networks such as 192.0.2.0/24, one a line. Empty: from anywhere.",
    )
    last_day = forms.DateField(
        required=False,
        validators=[MaxValueValidator(date(2199, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        label="Last day",
        help_text="It works to the end of this day in the site's time zone. Empty: for good.",
    )

    scope_columns = COLUMNS

    def __init__(self, data: Any = None, *, key: ApiKey | None = None) -> None:
        super().__init__(data, initial={} if key is None else _values(key))

    def scope_rows(self) -> list[dict[str, Any]]:
        """Return the table of scopes: each resource with its boxes, None for an empty cell."""
        boxes = {str(box.data["value"]): box for box in self["scopes"]}
        return [
            {
                "resource": resource,
                "boxes": [boxes[scope] if scope else None for scope in resource.scopes],
            }
            for resource in RESOURCES
        ]

    def networks(self) -> list[str]:
        text: str = self.cleaned_data["allowed_networks"]
        return [entry for entry in _SEPARATORS.split(text) if entry]

    def expires_at(self, site: Site, stored: datetime | None = None) -> datetime | None:
        """Return the instant after the chosen day; the stored one when it ends that same day."""
        day: date | None = self.cleaned_data["last_day"]
        if day is None or (stored is not None and day == last_day(stored, site)):
            return stored if day else None
        midnight = datetime.combine(day + timedelta(days=1), time.min)
        return midnight.replace(tzinfo=zoneinfo.ZoneInfo(site.time_zone))

    def shown_at(self, name: str) -> str | None:
        return super().shown_at(_SHOWN_AS.get(name, name))


class NewApiKeyForm(ApiKeyForm):
    """Asks for the site as well: one of those that are passed.

    The successor of a key, `like`, starts with what that one may do, and from where.
    """

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    field_order = ("site", "name")

    def __init__(
        self,
        data: Any = None,
        *,
        sites: QuerySet[Site],
        chosen: str = "",
        like: ApiKey | None = None,
    ) -> None:
        super().__init__(data, key=like)
        offer_sites(self, sites, chosen)
        if like is not None:
            # A name is its own, and a last day would be the old one's.
            self.initial.update({"site": like.site_id, "name": "", "last_day": None})


def last_day(expires_at: datetime, site: Site) -> date:
    """Return the last day, on the site's clock, of which any part precedes the instant."""
    before = expires_at - timedelta(microseconds=1)
    return before.astimezone(zoneinfo.ZoneInfo(site.time_zone)).date()


def _values(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": key.scopes,
        "allowed_networks": "\n".join(key.allowed_networks),
        "last_day": last_day(key.expires_at, key.site) if key.expires_at else None,
    }
