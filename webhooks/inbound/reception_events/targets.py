"""Where the value of a field may go: a contact field of the site that holds values of its type."""

from __future__ import annotations

from contacts.models import ContactField
from integrations.field_types import FieldType
from integrations.field_types.system_fields import SYSTEM_FIELDS
from webhooks.inbound.models import ReceptionEvent, ReceptionField


def target_error(event: ReceptionEvent, field: ReceptionField) -> str:
    """Return why the field cannot write where it should; "" when it can, or writes nowhere."""
    if field.contact_field is not None and field.system_field:
        return "Choose one contact field, either a system field or one of your own."
    if field.contact_field is not None:
        if field.contact_field.site_id != event.site_id:
            return "Choose a contact field of this site."
        return _misfit(field, field.contact_field)
    return _system_error(field) if field.system_field else ""


def types_for(target: FieldType) -> frozenset[FieldType]:
    """Return the types of fields whose values a contact field of type `target` holds."""
    match target:
        case FieldType.TEXT:
            return frozenset(FieldType) - {FieldType.CHECKBOX}
        case FieldType.DECIMAL:
            return frozenset((FieldType.DECIMAL, FieldType.INTEGER))
        case _:
            return frozenset((target,))


def _misfit(field: ReceptionField, target: ContactField) -> str:
    if FieldType(field.type) not in types_for(FieldType(target.type)):
        return f"{target.name} is of type {target.type}, which does not hold a {field.type}."
    if FieldType(target.type).has_options:
        missing = set(field.definition.option_ids) - set(target.definition.option_ids)
        if missing:
            named = ", ".join(sorted(missing)[:5])
            return f"{target.name} does not have these options: {named}. Add them there first."
    return ""


def _system_error(field: ReceptionField) -> str:
    target = SYSTEM_FIELDS.get(field.system_field)
    if target is None or not target.writable:
        return "This system field cannot be written."
    if FieldType(field.type) not in target.takes:
        return f"{target.name} is of type {target.type}, which does not hold a {field.type}."
    if field.type == FieldType.RADIO and target.type is FieldType.RADIO:
        unknown = set(field.definition.option_ids) - set(target.options)
        if unknown:
            return f"{target.name} takes only: {', '.join(target.options)}."
    return ""
