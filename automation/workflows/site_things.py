"""What a workflow of a site may name: loaded kind by kind, when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from automation.models import Segment
from automation.segments.rule_names import RuleNames
from contacts.contact_fields.definitions import custom_definitions
from contacts.models import ConsentDefinition, PointDefinition, Promotion
from integrations.contact_change import PLAIN_FIELDS
from integrations.field_types import FieldDefinition, FieldType
from sites.models import Site
from webhooks.inbound.models import ReceptionEvent, Source
from webhooks.outbound.models import SendEvent

_LABELS: Final = {
    "first_name": "First name",
    "last_name": "Last name",
    "care_of": "c/o",
    "street": "Street",
    "postal_code": "Postal code",
    "city": "City",
    "country_code": "Country code",
    "birth_date": "Birth date",
    "gender": "Gender",
    "language": "Language",
    "phone": "Phone",
    "external_id": "External id",
}
_TYPES: Final = {"birth_date": FieldType.DATE}

# What a step may set besides a site's own fields. The e-mail is not among them: no step sets it.
SYSTEM_NAMES: Final[Mapping[str, FieldDefinition]] = {
    name: FieldDefinition(
        id=name,
        name=_LABELS[name],
        type=_TYPES.get(name, FieldType.TEXT),
        is_day=name == "birth_date",
    )
    for name in (*PLAIN_FIELDS, "phone", "external_id")
}


class SiteThings:
    """The fields, consents and so on of one site, by the ids under which workflows name them."""

    def __init__(self, site: Site) -> None:
        self.site = site

    @cached_property
    def in_rules(self) -> RuleNames:
        return RuleNames(self.site)

    @cached_property
    def custom_fields(self) -> Mapping[str, FieldDefinition]:
        return custom_definitions(self.site.pk)

    @cached_property
    def fields(self) -> Mapping[str, FieldDefinition]:
        """The fields of a contact that a step may set, system names first."""
        return {**SYSTEM_NAMES, **self.custom_fields}

    @cached_property
    def consents(self) -> Mapping[str, ConsentDefinition]:
        rows = ConsentDefinition.objects.filter(site=self.site).order_by("name")
        return {row.consent_id: row for row in rows}

    @cached_property
    def points(self) -> Mapping[int, PointDefinition]:
        rows = PointDefinition.objects.filter(site=self.site).order_by("number")
        return {row.number: row for row in rows}

    @cached_property
    def promotions(self) -> Mapping[str, Promotion]:
        rows = Promotion.objects.filter(site=self.site).order_by("name")
        return {str(row.pk): row for row in rows}

    @cached_property
    def send_events(self) -> Mapping[str, SendEvent]:
        rows = SendEvent.objects.filter(site=self.site).select_related("integration")
        return {row.event_id: row for row in rows.order_by("name")}

    @cached_property
    def segments(self) -> Mapping[str, Segment]:
        rows = Segment.objects.filter(site=self.site).order_by("name")
        return {str(row.pk): row for row in rows}

    @cached_property
    def reception_events(self) -> Mapping[str, ReceptionEvent]:
        rows = ReceptionEvent.objects.filter(site=self.site, deleted_at=None)
        rows = rows.select_related("integration").prefetch_related("fields")
        return {row.event_id: row for row in rows.order_by("name")}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are no reception event's."""
        rows = Source.objects.filter(site=self.site, reception_event=None).defer("secrets")
        return {row.public_id: row for row in rows.order_by("name")}

    def field_name(self, field_id: str) -> str:
        field = self.fields.get(field_id)
        return field.name if field else field_id

    def variable_name(self, pointer: str) -> str:
        """Return a variable as a sentence names it: `event / amount`."""
        where, _, path = pointer.strip("/").partition("/")
        name = path.replace("/", " / ").replace("~1", "/").replace("~0", "~")
        if where == "contact":
            name = self.field_name(path.removeprefix("attributes/"))
        return f"{where} / {name}" if name else where
