"""What a field may write to, as the editor offers it: system fields first, then the site's own."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.models import ContactField
from integrations.field_types import WRITABLE_FIELDS, FieldType
from sites.models import Site
from webhooks.inbound.reception_events.targets import types_for


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTarget:
    """`types` are the types of fields that fit, with blanks between, for the script."""

    value: str
    label: str
    types: str


def offered_targets(site: Site) -> list[tuple[str, list[OfferedTarget]]]:
    """Return the groups of targets by their heading; an empty group is left out."""
    system = [
        OfferedTarget(
            value=f"system:{field.id}",
            label=field.name,
            types=" ".join(sorted(field.takes)),
        )
        for field in WRITABLE_FIELDS
    ]
    own = [
        OfferedTarget(
            value=f"field:{field.field_id}",
            label=f"{field.name} ({field.field_id})",
            types=" ".join(sorted(types_for(FieldType(field.type)))),
        )
        for field in ContactField.objects.filter(site=site).order_by("name", "pk")
    ]
    groups = [("System fields", system), ("Contact fields of the site", own)]
    return [(heading, targets) for heading, targets in groups if targets]
