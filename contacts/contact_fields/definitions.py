"""What the attributes of contacts must be, for those who read or write many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from contacts.models import ContactField
from integrations.field_types import SYSTEM_FIELDS, FieldDefinition

Definitions = Mapping[str, FieldDefinition]

_ATTRIBUTES: Final = "attributes."
# Writable system fields without a column of their own are attributes by their id.
SYSTEM_ATTRIBUTES: Final[MappingProxyType[str, FieldDefinition]] = MappingProxyType(
    {
        field.read.removeprefix(_ATTRIBUTES): field.definition
        for field in SYSTEM_FIELDS.values()
        if field.read.startswith(_ATTRIBUTES)
    }
)


def definitions_of(site_ids: Collection[int]) -> dict[int, Definitions]:
    """Return, by site, the definitions of its fields by attribute; one query for all sites."""
    found = {site_id: dict(SYSTEM_ATTRIBUTES) for site_id in site_ids}
    for field in ContactField.objects.filter(site_id__in=found).order_by():
        found[field.site_id][field.field_id] = field.definition
    return dict(found)


def custom_definitions(site_id: int) -> dict[str, FieldDefinition]:
    """Return the definitions of a site's own fields by id, in the order of their names."""
    fields = ContactField.objects.filter(site_id=site_id).order_by("name", "pk")
    return {field.field_id: field.definition for field in fields}
