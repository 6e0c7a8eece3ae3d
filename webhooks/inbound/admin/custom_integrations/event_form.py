"""The form of a reception event: its name and alias, its fields, and how a webhook is checked."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from integrations.admin.field_rows import FieldRow, posted_rows, show_row_errors
from integrations.registry import preset_for
from webhooks.inbound.admin.custom_integrations.field_rows import first_rows, stored_rows
from webhooks.inbound.admin.source_form import SourceForm
from webhooks.inbound.models import Context, ReceptionEvent
from webhooks.inbound.reception_events.compiled_settings import PRESET


class EventForm(SourceForm):
    """A source's form with an alias and rows of fields.

    Only a webhook has settings of a check: elsewhere a key is the check.
    """

    alias = forms.CharField(
        max_length=80,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Stands in the URL: letters, digits and hyphens, unique on the site. Made from "
        "the name when it is empty.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, event: ReceptionEvent, takes_secrets: bool
    ) -> None:
        self.event = event
        super().__init__(
            data,
            preset=preset_for(PRESET),
            source=event.source if event.pk else None,
            site=event.site,
            takes_secrets=takes_secrets,
        )
        self.initial = {**self.initial, "name": event.name, "alias": event.alias}
        self.fields["name"].help_text = "What happened, such as “Purchase in a store”."
        self.fields["is_active"].help_text = "Switched off, it refuses everything that is sent."
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        if event.context == Context.APP:
            self.fields["alias"].help_text = (
                "Names the event in lists and activities: letters, digits and hyphens, unique on "
                "the site. Pages and apps call it by its event id instead. Made from the name when "
                "it is empty."
            )
        if event.context != Context.WEBHOOK:
            for field in self.declared:
                del self.fields[f"setting-{field.key}"]
            self.declared = []
        # Errors about the fields as a whole; those of one field are with its row.
        self.fields_errors: list[str] = []
        self.is_refused = False
        self.field_rows: list[FieldRow]
        if data is not None:
            self.field_rows = posted_rows(data)
        else:
            self.field_rows = stored_rows(event) if event.pk else first_rows(event.context)

    @property
    def has_primary_key(self) -> bool:
        return any(row.is_primary_key for row in self.field_rows)

    def show_errors(self, error: ValidationError) -> None:
        """Put a service's errors beside the fields, and those of a row beside the row."""
        if not hasattr(error, "error_dict"):
            super().show_errors(error)
            return
        by_key = error.message_dict
        show_row_errors(self.field_rows, by_key)
        self.is_refused = True
        self.fields_errors = by_key.pop("fields", [])
        own = {key: found for key, found in by_key.items() if not key.startswith("fields.")}
        if own:
            super().show_errors(ValidationError(own))
