from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from automation.uses import Needs
from automation.workflows.actions.action import (
    Action,
    Category,
    Settings,
    StepCall,
    StepResult,
    value_words,
)
from automation.workflows.actions.contact_changes import (
    ContactStep,
    Known,
    change_contacts,
    locked,
)
from automation.workflows.reading import Reading
from automation.workflows.site_things import SYSTEM_NAMES, SiteThings
from integrations.contact_change import ContactChange, Identity
from integrations.field_types import FieldDefinition, FieldError, FieldType, lenient
from integrations.json_values import decimal_text

OPERATIONS: Final = ("set", "add", "clear")
NUMBERS: Final = (FieldType.INTEGER, FieldType.DECIMAL)
MOST_ROWS: Final = 30
_IDENTITIES: Final = ("phone", "external_id")


class SetField(Action):
    key = "set_field"
    label = "Set field"
    help = (
        "Writes fields of the contact: a value of your own or a variable. Number fields can be "
        "added to. The e-mail is never set by a workflow."
    )
    category = Category.CONTACT

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("rows")
        rows = reading.objects("rows", most=MOST_ROWS, needed="Choose at least one field.")
        return {"rows": [_read_row(row) for row in rows]}

    def summary(self, settings: Settings, names: SiteThings) -> str:
        return f"Set field: {'; '.join(_row_words(row, names) for row in settings['rows'])}"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        rows = [row for row in settings["rows"] if row["field"] in things.custom_fields]
        return Needs(
            contact_fields=frozenset(row["field"] for row in rows),
            contact_field_options=frozenset(
                (row["field"], option)
                for row in rows
                if things.custom_fields[row["field"]].type.has_options
                for option in _options(row)
            ),
        )

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        things = SiteThings(calls[0].site)
        known = locked(calls)
        drafts: dict[UUID, _Draft] = {}
        steps = []
        for call in calls:
            contact = known.get(call.contact_id)
            draft = drafts.setdefault(call.contact_id, _Draft(contact))
            steps.append(_step(call, draft, things))
        return change_contacts(calls, steps, known)


@dataclass(slots=True)
class _Draft:
    """What a contact will hold after the calls so far: two of them may be about the same one."""

    contact: Known | None
    written: dict[str, Any] = field(default_factory=dict)

    def current(self, field_id: str) -> Any:
        if field_id in self.written or self.contact is None:
            return self.written.get(field_id)
        return self.contact.attributes.get(field_id)


def _step(call: StepCall, draft: _Draft, things: SiteThings) -> ContactStep:
    fields: dict[str, str | None] = {}
    attributes: dict[str, Any] = {}
    identity = Identity()
    step = ContactStep(names={}, change=ContactChange(identity=identity))
    for row in call.settings["rows"]:
        name, definition = row["field"], things.fields.get(row["field"])
        if definition is None:
            step.troubles.append(f"The field “{name}” is not there any more.")
            continue
        try:
            value = _value(call, row, definition, draft)
        except FieldError as error:
            step.troubles.append(f"“{definition.name}” was left as it is: {error.reason}")
            continue
        if name not in SYSTEM_NAMES:
            attributes[name] = draft.written[name] = value
        elif name in _IDENTITIES and value is not None:
            setattr(identity, name, value)
        else:
            fields[name] = value
        step.names[name if name in SYSTEM_NAMES else f"attribute.{name}"] = definition.name
    step.change.fields, step.change.attributes = fields, attributes
    return step


def _value(call: StepCall, row: Settings, definition: FieldDefinition, draft: _Draft) -> Any:
    """Return the value to store, None to clear; raises FieldError with what is wrong."""
    if row["operation"] == "clear":
        return None
    given = call.value(row["value"])
    if given is None or given == "":
        raise FieldError("There is no value for it.")
    if row["operation"] != "add":
        return lenient(definition, given)
    added = _number(lenient(definition, given))
    before = draft.current(row["field"])
    total = added if before is None else _number(before) + added
    return lenient(definition, decimal_text(total) if total else "0")


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise FieldError("What the contact has there is no number.") from None


def _read_row(row: Reading) -> dict[str, Any]:
    row.only("field", "operation", "value")
    if row.get("field") in ("email", "_email"):
        row.problem("field", "A workflow never sets the e-mail. It is stored by itself.")
        return {"field": "", "operation": "clear"}
    missing = "This contact field is not there any more. Choose another."
    name = row.key("field", row.things.fields, missing)
    definition = row.things.fields.get(name)
    operation = row.choice("operation", OPERATIONS, "set")
    if operation == "add" and definition is not None and definition.type not in NUMBERS:
        row.problem("operation", "Only number fields can be added to. Choose “set”.")
    if operation == "clear":
        return {"field": name, "operation": operation}
    return {"field": name, "operation": operation, "value": row.value("value", definition)}


def _options(row: Settings) -> list[str]:
    """Return the options that a literal names."""
    literal = row.get("value", {}).get("literal")
    return [literal] if isinstance(literal, str) else literal or []


def _row_words(row: Settings, names: SiteThings) -> str:
    name = names.field_name(row["field"])
    if row["operation"] == "clear":
        return f"clear {name}"
    words = value_words(row["value"], names)
    return f"add {words} to {name}" if row["operation"] == "add" else f"{name} = {words}"
