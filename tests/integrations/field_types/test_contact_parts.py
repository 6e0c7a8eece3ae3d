from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.contact_change import Channel, ContactChange, EmailStatus, Identity
from integrations.field_types import (
    SYSTEM_FIELDS,
    WRITABLE_FIELDS,
    FieldType,
    SystemField,
    change_from_fields,
    definition_errors,
    strict,
)

PATCH = Path(__file__).parents[1] / "payloads" / "connectif" / "contact_patch.json"
JOHN = Identity(email="john.doe@example.org")


def changed(values: dict[str, Any]) -> ContactChange:
    change, notes = change_from_fields(values, identity=JOHN)
    assert notes == ()
    return change


def test_documented_body_of_a_patch_reaches_every_part_of_a_contact() -> None:
    body = json.loads(PATCH.read_text(encoding="utf-8"))
    values = {
        key: strict(SYSTEM_FIELDS[key].definition, value) if key in SYSTEM_FIELDS else value
        for key, value in body.items()
    }
    assert changed(values) == ContactChange(
        identity=Identity(
            email="john.doe@example.org", phone="+34666777888", external_id="CRM-12345"
        ),
        fields={"first_name": "John", "last_name": "Doe", "birth_date": "1990-02-17"},
        attributes={
            "_mobilePhoneStatus": "active",
            "_points": 130,
            "favourite-shop": "Madrid",
        },
        # The SMS subscription is none, which writes nothing.
        preferences={Channel.EMAIL: True},
        email_status=EmailStatus.ACTIVE,
    )
    assert Identity(email="john.doe@example.org") == JOHN


def test_null_clears_what_can_be_cleared() -> None:
    nothing = dict.fromkeys((*(field.id for field in WRITABLE_FIELDS), "favourite-shop"))
    assert changed(nothing) == ContactChange(
        identity=JOHN,
        fields={
            "first_name": None,
            "last_name": None,
            "birth_date": None,
            "external_id": None,
            "phone": None,
        },
        attributes={"_mobilePhoneStatus": None, "_points": None, "favourite-shop": None},
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("subscribed", {Channel.SMS: True}),
        (True, {Channel.SMS: True}),
        ("unsubscribed", {Channel.SMS: False}),
        (False, {Channel.SMS: False}),
        ("none", {}),
    ],
)
def test_subscription_is_a_preference(value: Any, expected: dict[Channel, bool]) -> None:
    assert changed({"_smsSubscriptionStatus": value}).preferences == expected


def test_value_that_does_not_fit_is_left_out_with_a_note() -> None:
    change, notes = change_from_fields(
        {"_emailStatus": "gone", "_points": "many", "_rfm": "5", "_name": 7}, identity=JOHN
    )
    assert change == ContactChange(identity=JOHN, fields={"first_name": "7"})
    assert notes == (
        "_emailStatus was left out: Not an option of this field. The ids of its options are: "
        "active, bounced, paused, banned.",
        "_points was left out: Expected a whole number.",
        "_rfm is read-only, so it was left out.",
    )


VALUES = {
    FieldType.TEXT: "Madrid",
    FieldType.EMAIL: "a@example.org",
    FieldType.PHONE: "+34666777888",
    FieldType.INTEGER: 3,
    FieldType.DECIMAL: "4.5",
    FieldType.BOOLEAN: True,
    FieldType.DATE: "2024-03-15",
    FieldType.RADIO: "gold",
}


@pytest.mark.parametrize("field", WRITABLE_FIELDS, ids=lambda field: field.id)
def test_every_type_that_a_system_field_takes_can_reach_it(field: SystemField) -> None:
    for type_ in field.takes:
        is_choice = field.options and type_ is not FieldType.BOOLEAN
        value = field.options[0] if is_choice else VALUES[type_]
        assert changed({field.id: value}) != ContactChange(identity=JOHN)


def test_system_fields_are_told_apart_from_custom_ones_by_their_underscore() -> None:
    for field in SYSTEM_FIELDS.values():
        assert field.id.startswith("_") or field.id == "id"
        assert bool(field.takes) is field.writable
        if field.id.startswith("_"):
            assert "id" in definition_errors(field.definition)
    assert len(WRITABLE_FIELDS) == 10
    assert len(SYSTEM_FIELDS) == 35
