from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from contacts.contact_fields.services import (
    contact_field_create,
    contact_field_delete,
    contact_field_update,
)
from contacts.models import ContactField
from sites.models import Site

_KEYS: Final = ("id", "name", "type", "options", "default_country_code")


class ContactFieldsSection:
    """The fields that the site added to its contacts, by id."""

    key = "contact_fields"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        fields = sorted(site.contact_fields.all(), key=lambda field: field.field_id)
        return [_exported(field) for field in fields]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {field.field_id: field for field in run.site.contact_fields.order_by("field_id")}
        for entry in entries(self.key, value, known=_KEYS, natural_key="id", problems=run.problems):
            field_id = entry.required_text("id")
            field = present.pop(field_id, None) or ContactField(site=run.site, field_id=field_id)
            try:
                _apply_field(run, entry, field)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error, _key_of)
        for field_id, field in present.items():
            _unlisted(run, field_id, field)


def _exported(field: ContactField) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": field.field_id, "name": field.name, "type": field.type}
    if field.options:
        plain["options"] = field.options
    if field.default_country_code:
        plain["default_country_code"] = field.default_country_code
    return plain


def _apply_field(run: Applying, entry: Entry, field: ContactField) -> None:
    before = len(run.problems.lines)
    name, type_ = entry.text("name"), entry.text("type")
    code, options = entry.text("default_country_code"), entry.items("options")
    if len(run.problems.lines) > before:
        return
    field.name = field.name if name is None else name
    field.type = field.type if type_ is None else type_
    field.default_country_code = field.default_country_code if code is None else code
    field.options = field.options if options is None else options
    save = contact_field_update if field.pk else contact_field_create
    save(field=field, actor=run.actor)


def _unlisted(run: Applying, field_id: str, field: ContactField) -> None:
    if not run.prune:
        run.unlisted.append(f"contact field {field_id}")
        return
    try:
        contact_field_delete(field=field, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(ContactFieldsSection.key, error)


def _key_of(name: str) -> str:
    return "id" if name == "field_id" else name
