"""The nine field types of reception events and contact fields, read strictly or leniently."""

from integrations.field_types.definition import FieldDefinition, FieldOption, FieldType

__all__ = ["FieldDefinition", "FieldOption", "FieldType"]
