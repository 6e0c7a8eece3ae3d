"""What a submission may say, and what is told when it says something else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.generic_api.options import parse_options
from onsite.flow.reading import read_request
from onsite.flow.refusals import InvalidSubmission
from onsite.flow.request import SubmissionRequest
from onsite.models import Register, Role

OPTIONS = parse_options(
    [
        {"key": "pet", "type": "choice", "values": ["Dog", "Cat"]},
        {"key": "visits", "type": "number"},
        {"key": "news", "type": "boolean", "stored_as": "email_preference"},
        {"key": "wish"},
    ]
)


def read(document: Any, register: Register = Register.GENERIC_API) -> SubmissionRequest:
    return read_request(document, options=OPTIONS, register=register, country="SE")


def faults(document: Any, register: Register = Register.GENERIC_API) -> dict[str, str]:
    with pytest.raises(InvalidSubmission) as caught:
        read(document, register)
    return {each.path: each.reason for each in caught.value.problems}


def friend(contact: Any = None, **members: Any) -> dict[str, Any]:
    return {"role": "friend", "contact": contact or {"email": "jane@example.com"}, **members}


def test_everything_is_read_and_spelled_as_contacts_spell_it() -> None:
    request = read(
        {
            "role": "ambassador",
            "contact": {
                "email": " Jane@Example.COM ",
                "phone": "070-123 45 67",
                "name": "Jane  Doe\n",
                "personalIdentity": "040217-7935",
                "options": {"pet": "Dog", "visits": Decimal("2.50"), "news": False, "wish": ""},
            },
            "conversion": {"reference": " A-1 ", "value": Decimal("129.50"), "currency": "sek"},
        }
    )
    assert request.role is Role.AMBASSADOR
    assert request.visitor.email == "jane@example.com"
    assert request.visitor.phone == "+46701234567"
    assert request.visitor.name == "Jane  Doe"
    assert request.visitor.personal_identity == "20040217-7935"
    assert request.visitor.options == {"pet": "Dog", "visits": "2.5", "news": False}
    assert request.conversion == {"reference": "A-1", "value": "129.50", "currency": "SEK"}
    assert request.notes == ()


def test_unknown_keys_and_null_are_ignored_everywhere() -> None:
    contact = {"email": "jane@example.com", "phone": None, "x": 1, "options": {"unknown": [1]}}
    request = read(friend(contact, conversion=None, utm={"a": 1}))
    assert request == read(friend())


def test_every_fault_is_told_at_once_with_its_place() -> None:
    document = {
        "role": "Ambassador",
        "contact": {
            "email": "jane@",
            "phone": 701234567,
            "name": "x" * 401,
            "personalIdentity": ["20040217-7935"],
            "options": {"pet": "Fish", "visits": "many", "news": "yes", "wish": 1},
        },
        "conversion": {"reference": 1, "value": "1,5", "currency": "kronor"},
    }
    assert faults(document) == {
        "role": "Must be one of: ambassador, friend, signup.",
        "contact.email": "Is not a valid e-mail address.",
        "contact.phone": "Must be text.",
        "contact.name": "Is longer than 400 characters.",
        "contact.personalIdentity": "Must be text.",
        "contact.options.pet": "“pet” has a value that is none of the choices.",
        "contact.options.visits": "“visits” must be a number.",
        "contact.options.news": "“news” must be true or false.",
        "contact.options.wish": "“wish” must be text.",
        "conversion.reference": "Must be text.",
        "conversion.value": "Must be a number, such as 129.50.",
        "conversion.currency": "Must be three letters, such as SEK.",
    }


@pytest.mark.parametrize("document", [None, 1, "text", True, [], [{}]])
def test_a_body_that_is_no_object(document: Any) -> None:
    assert faults(document) == {"": "The body must be a JSON object."}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "role"),
        ({}, "contact"),
        ({"role": None, "contact": {}}, "role"),
        ({"role": ["friend"], "contact": {}}, "role"),
        ({"role": "friend"}, "contact"),
        ({"role": "friend", "contact": []}, "contact"),
        ({"role": "friend", "contact": {}}, "contact"),
        ({"role": "friend", "contact": {"name": "Jane"}}, "contact"),
        ({"role": "friend", "contact": {"email": " "}}, "contact"),
        (friend({"email": "j@example.com", "options": []}), "contact.options"),
        (friend(conversion="yes"), "conversion"),
        (friend(conversion=[]), "conversion"),
        (friend(conversion={"value": True}), "conversion.value"),
        (friend(conversion={"value": -1}), "conversion.value"),
        (friend(conversion={"value": 10**15 + 1}), "conversion.value"),
        (friend(conversion={"value": Decimal("1e-7")}), "conversion.value"),
        (friend(conversion={"value": Decimal("1e300")}), "conversion.value"),
        (friend(conversion={"value": "1e3"}), "conversion.value"),
        (friend(conversion={"value": "٣"}), "conversion.value"),
        (friend(conversion={"currency": "SEKK"}), "conversion.currency"),
        (friend(conversion={"reference": "x" * 201}), "conversion.reference"),
    ],
)
def test_fault_at(document: Any, path: str) -> None:
    assert path in faults(document)


@pytest.mark.parametrize(
    ("given", "read_as"),
    [(None, None), (False, None), (True, {}), ({}, {}), ({"value": 0}, {"value": "0"})],
)
def test_a_conversion_needs_no_details(given: Any, read_as: Any) -> None:
    assert read(friend(conversion=given)).conversion == read_as


def test_a_phone_that_cannot_exist_is_noted_and_left_out() -> None:
    request = read(friend({"email": "jane@example.com", "phone": "12"}))
    assert request.visitor.phone == ""
    assert [note.partition(":")[0] for note in request.notes] == ["BAD_PHONE"]
    assert "contact" in faults(friend({"phone": "12"}))


def test_a_number_unknown_here_identifies_at_the_retailer_alone() -> None:
    document = friend({"personalIdentity": "01129955131"})
    assert read(document).visitor.personal_identity == "01129955131"
    assert "contact" in faults(document, Register.PATCHBAY)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
contacts = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.just("jane@example.com") | st.just("0701234567")
        for name in ("email", "phone", "name", "personalIdentity")
    }
    | {"options": json_values | st.dictionaries(st.sampled_from(["pet", "visits"]), json_values)},
)
bodies = json_values | st.fixed_dictionaries(
    {"role": st.sampled_from([*Role.values]) | json_values, "contact": contacts | json_values},
    optional={
        "conversion": json_values
        | st.dictionaries(st.sampled_from(["reference", "value", "currency"]), json_values)
    },
)


@given(bodies, st.sampled_from(Register))
def test_any_json_is_read_or_refused(document: Any, register: Register) -> None:
    try:
        request = read(document, register)
    except InvalidSubmission:
        return
    assert request.visitor.has_identity
