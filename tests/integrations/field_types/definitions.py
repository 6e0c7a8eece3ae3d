"""One definition of each of the nine types."""

from __future__ import annotations

from integrations.field_types import FieldDefinition, FieldOption, FieldType

OPTIONS = (
    FieldOption(id="silver", label="Silver"),
    FieldOption(id="gold", label="Gold"),
)


def field(
    type_: FieldType,
    field_id: str = "",
    *,
    options: tuple[FieldOption, ...] = OPTIONS,
    country_code: str = "34",
    is_day: bool = False,
) -> FieldDefinition:
    return FieldDefinition(
        id=field_id or type_.value,
        name=type_.value.title(),
        type=type_,
        options=options if type_.has_options else (),
        default_country_code=country_code if type_ is FieldType.PHONE else "",
        is_day=is_day,
    )


DEFINITIONS = {type_: field(type_) for type_ in FieldType}
