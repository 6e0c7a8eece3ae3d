"""Rows to changes for the one door of contacts, and contacts to rows.

The library types the cells, collects what is wrong with each, and writes exports. Where it would
load a model instance, compare and save it, the door takes over: `bulk_create` hands all rows to it
at once. See docs/decisions/0009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource
from import_export.results import Result, RowResult
from import_export.widgets import Widget

from contacts.applied_change import CONFLICT, AppliedChange, ChangeItem, ChangeKind, ChangeSource
from contacts.contact_fields.column_checks import checked_line
from contacts.models import Contact
from contacts.services import contacts_apply_batch, contacts_preview_batch
from contacts.transfer.cells import cell_text, cell_value, escaped
from contacts.transfer.columns import Column, Holder
from integrations.contact_change import Channel, ConsentFact, ContactChange, EmailStatus, Identity
from integrations.field_types import FieldDefinition, FieldError, FieldType, lenient
from integrations.normalisation.phones import phone_normalised
from sites.models import Site

# In the order in which they name the contact of a row, unless the import says otherwise.
NAMING: Final = ("email", "external_id", "phone")
_NAMES_NOBODY: Final = (
    "This row names nobody: its e-mail, external id and phone are empty. Fill in one of them."
)
_IMPOSSIBLE_PHONE: Final = (
    "No such phone number exists, neither as written nor in the country of the site."
)
_CONFLICT_ADVICE: Final = (
    " Correct the cell, or let rows name their contacts by it if it is the same person."
)
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """How rows are put through the door; with `is_preview` nothing is saved."""

    source: ChangeSource
    named_by: str
    adds_contacts: bool
    clears_empty: bool
    is_preview: bool


@dataclass(slots=True)
class RowValues:
    """What the cells of one row say, by the id of the column; None clears."""

    values: dict[str, Any] = field(default_factory=dict)
    item: ChangeItem | None = None
    applied: AppliedChange | None = None


class CellWidget(Widget):  # type: ignore[misc]
    """A cell as its column types it."""

    def __init__(self, column: Column, country: str) -> None:
        super().__init__()
        self.column = column
        self.country = country

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        column = self.column
        if column.name == "phone" and column.holder is Holder.IDENTITY:
            return self._phone(value)
        if column.holder in (Holder.PREFERENCE, Holder.CONSENT):
            # What the contact API answers where nobody said yes or no.
            return (
                None if value.strip().casefold() == "none" else cell_value(column.definition, value)
            )
        if column.holder is Holder.EMAIL_STATUS:
            return EmailStatus(cell_value(column.definition, value.casefold()))
        read = cell_value(column.definition, value)
        if column.holder is Holder.FIELD or column.name == "external_id":
            return checked_line(column.name, read)
        return read

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return escaped(cell_text(value))

    def _phone(self, text: str) -> str:
        try:
            return str(cell_value(self.column.definition, text))
        except FieldError:
            # Numbers without a prefix belong to the country of the site, as at the door.
            number = phone_normalised(text.strip(), self.country)
            if number is None:
                raise FieldError(_IMPOSSIBLE_PHONE) from None
            return number


class CellField(Field):  # type: ignore[misc]
    """A column of the file; its value goes into `RowValues` and comes from a contact."""

    def __init__(self, column: Column, country: str, *, clears_empty: bool) -> None:
        super().__init__(
            attribute=column.id, column_name=column.id, widget=CellWidget(column, country)
        )
        self.column = column
        self.clears_empty = clears_empty and column.is_clearable

    def save(self, instance: RowValues, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        column, text = self.column, row[self.column_name]
        is_free_text = (
            column.holder is Holder.ATTRIBUTE and column.definition.type is FieldType.TEXT
        )
        value = self.clean(row, **kwargs) if (text if is_free_text else text.strip()) else ""
        if value != "":
            instance.values[column.id] = value
        elif self.clears_empty:
            instance.values[column.id] = None

    def get_value(self, instance: Contact) -> Any:
        column = self.column
        if column.holder is Holder.PREFERENCE:
            rows = instance.preferences.all()
            return next((row.accepts for row in rows if row.channel == column.name), None)
        if column.holder is Holder.CONSENT:
            answers = instance.consents.all()
            return next((row.value for row in answers if row.consent_id == column.name), None)
        if column.holder is Holder.ATTRIBUTE:
            return _fitting(column.definition, instance.attributes.get(column.name))
        return getattr(instance, column.name)


class ContactResource(Resource):  # type: ignore[misc]
    """The given columns of a site's contacts.

    Importing: call `import_data` and look at `row_result.instance.applied` of each row; what is
    wrong with a row is its `validation_error`. Without `importing` it only exports.
    """

    class Meta:
        # Every row is new to the library: the door knows which contact it is about.
        force_init_instance = True
        instance_loader_class = BaseInstanceLoader
        skip_diff = skip_html_diff = True
        use_bulk = True
        use_transactions = False
        store_instance = True
        using_db = "default"
        import_id_fields: tuple[str, ...] = ()

    def __init__(
        self, site: Site, columns: Sequence[Column], importing: Importing | None = None
    ) -> None:
        super().__init__()
        self.site = site
        self.importing = importing
        named_by = importing.named_by if importing else ""
        self.naming = sorted(NAMING, key=lambda name: name != named_by)
        clears_empty = importing is not None and importing.clears_empty
        for column in columns:
            self.fields[column.id] = CellField(
                column, site.default_country, clears_empty=clears_empty
            )

    def init_instance(self, row: Any = None) -> RowValues:
        return RowValues()

    def validate_instance(
        self,
        instance: RowValues,
        import_validation_errors: Any = None,
        validate_unique: bool = True,
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        if not any(instance.values.get(name) for name in self.naming):
            raise ValidationError(_NAMES_NOBODY)

    def save_instance(self, instance: RowValues, is_create: bool, row: Any, **kwargs: Any) -> None:
        assert self.importing is not None
        values = instance.values
        instance.item = ChangeItem(
            site=self.site,
            change=self._change(values, only_known=not self.importing.adds_contacts),
            source=self.importing.source,
            named_by=next(name for name in self.naming if values.get(name)),
        )
        self.create_instances.append(instance)

    def bulk_create(
        self,
        using_transactions: bool,
        dry_run: bool,
        raise_errors: bool,
        batch_size: int | None = None,
        result: Result | None = None,
    ) -> None:
        """Hand all rows to the door at once, and tell each row what became of it."""
        assert result is not None
        assert self.importing is not None
        for row_result in result.rows:
            # The library takes any exception for a fault of the row; it would be one of ours.
            if row_result.errors:
                raise row_result.errors[0].error
        items = [instance.item for instance in self.create_instances]
        applied = (
            contacts_preview_batch(items) if self.importing.is_preview else applied_in_order(items)
        )
        for instance, outcome in zip(self.create_instances, applied, strict=True):
            instance.applied = outcome
        self.create_instances.clear()
        for row_result in result.rows:
            _judge(row_result)

    def export_field(self, field: CellField, instance: Contact, **kwargs: Any) -> str:
        return str(field.export(instance))

    def export_resource(
        self, instance: Contact, selected_fields: Any = None, **kwargs: Any
    ) -> list[str]:
        return [self.export_field(each, instance) for each in self.fields.values()]

    def _change(self, values: dict[str, Any], *, only_known: bool) -> ContactChange:
        held: dict[Holder, dict[str, Any]] = {holder: {} for holder in Holder}
        for column_id, value in values.items():
            column = self.fields[column_id].column
            # An identity is written by name, and taken away as any other field is.
            is_taken_away = column.holder is Holder.IDENTITY and value is None
            held[Holder.FIELD if is_taken_away else column.holder][column.name] = value
        preferences = held[Holder.PREFERENCE].items()
        consents = held[Holder.CONSENT].items()
        identity = held[Holder.IDENTITY]
        return ContactChange(
            identity=Identity(
                email=identity.get("email", ""),
                external_id=identity.get("external_id", ""),
                phone=identity.get("phone", ""),
            ),
            fields=held[Holder.FIELD],
            attributes=held[Holder.ATTRIBUTE],
            preferences={Channel(name): yes for name, yes in preferences if yes is not None},
            consents=tuple(
                ConsentFact(consent_id=name, value=yes) for name, yes in consents if yes is not None
            ),
            email_status=held[Holder.EMAIL_STATUS].get("email_status"),
            only_known=only_known,
        )


def applied_in_order(items: Sequence[ChangeItem]) -> list[AppliedChange]:
    """Apply the changes; whichever other process brings the same person meanwhile, in halves."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return contacts_apply_batch(items)
        except IntegrityError:
            if len(items) > 1:
                break
            if attempt == _ATTEMPTS:
                raise
    half = len(items) // 2
    return [*applied_in_order(items[:half]), *applied_in_order(items[half:])]


def _judge(row_result: RowResult) -> None:
    """Set the library's word for what the door did, and the reason of a refusal."""
    applied = row_result.instance.applied if row_result.instance else None
    if applied is None:
        return
    if applied.kind is ChangeKind.REJECTED:
        advice = _CONFLICT_ADVICE if applied.cause == CONFLICT else ""
        row_result.validation_error = ValidationError(applied.reason + advice, code=applied.cause)
        row_result.import_type = RowResult.IMPORT_TYPE_INVALID
    elif applied.kind is ChangeKind.UNCHANGED:
        row_result.import_type = RowResult.IMPORT_TYPE_SKIP
    elif applied.kind is not ChangeKind.CREATED:
        row_result.import_type = RowResult.IMPORT_TYPE_UPDATE


def _fitting(definition: FieldDefinition, stored: Any) -> Any:
    """Return a value in the type of its field; None for one that is older and does not fit it."""
    if stored is None:
        return None
    try:
        return lenient(definition, stored)
    except FieldError:
        return None
