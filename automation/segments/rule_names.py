"""What rules of a site can name, read once for all rules that are read together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from automation.segments.fields import RuleField, fields_of
from contacts.models import ConsentDefinition, PointDefinition
from sites.models import Site


class RuleNames:
    """Each kind is read when the first rule asks for it; not to be kept, for it grows old."""

    def __init__(self, site: Site) -> None:
        self.site = site

    @cached_property
    def fields(self) -> Mapping[str, RuleField]:
        return fields_of(self.site)

    @cached_property
    def consents(self) -> Mapping[str, str]:
        """The names of consents by their ids, in the order of the names."""
        rows = ConsentDefinition.objects.filter(site=self.site).order_by("name", "pk")
        return dict(rows.values_list("consent_id", "name"))

    @cached_property
    def points(self) -> Mapping[int, str]:
        """The names of kinds of points by their numbers, in the order of these."""
        rows = PointDefinition.objects.filter(site=self.site).order_by("number")
        return dict(rows.values_list("number", "name"))
