"""The form of a send event: its name, and rows of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from integrations.admin.field_rows import (
    FieldRow,
    country_digits,
    options_of,
    posted_rows,
    show_row_errors,
)
from integrations.field_types import FieldType
from webhooks.outbound.models import SendEvent

_OTHER_PLACES = ("integration", "fields")


class SendEventForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        # The service asks for it, together with all that is wrong with the fields.
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What is told, such as “Voucher granted”. Unique on the site.",
    )

    def __init__(self, data: QueryDict | None = None, *, event: SendEvent) -> None:
        super().__init__(data, initial={"name": event.name})
        self.field_rows: list[FieldRow] = (
            posted_rows(data) if data is not None else list(_stored_rows(event))
        )
        self.is_refused = False

    def rows_as_stored(self) -> list[dict[str, Any]]:
        """Return the fields as the service takes them; what a row's type hides does not count."""
        return [_stored(row) for row in self.field_rows]

    def show_errors(self, error: ValidationError) -> None:
        """Put a service's errors beside the fields and rows they are about."""
        self.is_refused = True
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        by_key = error.message_dict
        show_row_errors(self.field_rows, by_key)
        for name, sentences in by_key.items():
            if name == "name" or name in _OTHER_PLACES:
                self.add_error(name if name == "name" else None, sentences)


def _stored_rows(event: SendEvent) -> Iterable[FieldRow]:
    for place, (definition, is_required) in enumerate(event.definitions):
        yield FieldRow(
            number=str(place),
            id=definition.id,
            name=definition.name,
            type=definition.type.value,
            is_required=is_required,
            code=definition.default_country_code,
            options="\n".join(f"{option.id} = {option.label}" for option in definition.options),
        )


def _stored(row: FieldRow) -> dict[str, Any]:
    is_choice = row.type in (FieldType.RADIO, FieldType.CHECKBOX)
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "required": row.is_required,
        "default_country_code": country_digits(row.code) if row.type == FieldType.PHONE else "",
        "options": options_of(row.options) if is_choice else [],
    }
