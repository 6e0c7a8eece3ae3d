"""The rows of the editor as fields of a reception event, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contacts.models import ContactField
from integrations.admin.field_rows import FieldRow, country_digits, options_of
from integrations.field_types import FieldType
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.compiled_settings import target_of


def first_rows(context: str) -> list[FieldRow]:
    """Return the row of a new event: the primary key, which only pages and apps do without."""
    if context == Context.APP:
        return []
    return [
        FieldRow(
            number="0",
            id="email",
            name="E-mail",
            type=FieldType.EMAIL.value,
            is_required=True,
            is_primary_key=True,
        )
    ]


def stored_rows(event: ReceptionEvent) -> list[FieldRow]:
    fields = event.fields.select_related("contact_field").order_by("position")
    return [
        FieldRow(
            number=str(place),
            id=each.field_id,
            name=each.name,
            type=each.type,
            is_required=each.is_required,
            is_primary_key=each.is_primary_key,
            code=each.default_country_code,
            options="\n".join(f"{option['id']} = {option['label']}" for option in each.options),
            pointer=each.pointer,
            target=target_of(each),
        )
        for place, each in enumerate(fields)
    ]


def reception_fields(event: ReceptionEvent, rows: Iterable[FieldRow]) -> list[ReceptionField]:
    """Return the fields that the rows describe, unsaved.

    What a row's type or the event's context hides does not count: options of a text, a pointer
    outside of webhooks.
    """
    own = {each.field_id: each for each in ContactField.objects.filter(site_id=event.site_id)}
    return [_field(event, row, own) for row in rows]


def _field(event: ReceptionEvent, row: FieldRow, own: Mapping[str, ContactField]) -> ReceptionField:
    # The primary key is the contact's e-mail by itself, wherever else it might be written.
    chosen = "" if row.is_primary_key else row.target
    kind, _, target = chosen.partition(":")
    is_choice = row.type in (FieldType.RADIO, FieldType.CHECKBOX)
    return ReceptionField(
        field_id=row.id.strip(),
        name=row.name.strip(),
        type=row.type,
        is_required=row.is_required,
        is_primary_key=row.is_primary_key,
        default_country_code=country_digits(row.code) if row.type == FieldType.PHONE else "",
        options=options_of(row.options) if is_choice else [],
        pointer=row.pointer.strip() if event.context == Context.WEBHOOK else "",
        contact_field=own.get(target) if kind == "field" else None,
        # A contact field that is gone meanwhile is refused under its own name.
        system_field=target if kind == "system" or target not in own else "",
    )
