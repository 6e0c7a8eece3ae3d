from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.json import parse_json
from integrations.generic_api.shared_structure import KNOWN_TAGS, from_shared, to_shared
from integrations.generic_api.visitor import VisitorData
from integrations.models import GenericApi
from onsite.models import Tag
from tests.integrations.generic_api.samples import CUSTOM_KEYS, OPTIONS, sample

API = GenericApi(custom_options=OPTIONS)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).map(
    str.strip
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "nickname": TEXT.filter(bool),
    "pet": st.sampled_from(["Dog", "Cat"]),
    "toys": st.lists(st.sampled_from(["ball", "rope"]), unique=True).map(sorted),
    "age": st.integers(-(2**63) + 1, 2**63 - 1)
    | st.decimals(-1000, 1000, places=3)
    .filter(lambda n: n % 1 != 0)
    .map(lambda n: format(n.normalize(), "f")),
    "acceptsEmail": st.booleans(),
    "newsletter_consent": st.booleans(),
}
VISITORS = st.builds(
    VisitorData,
    email=TEXT,
    phone=TEXT,
    name=TEXT,
    personal_identity=TEXT,
    options=st.fixed_dictionaries({}, optional=VALUES),
)


def test_known_tags_are_those_of_a_submission() -> None:
    assert set(Tag.values) == KNOWN_TAGS


def test_sample_with_default_keys() -> None:
    read = from_shared(API, sample("contact.json"))
    assert read.visitor == VisitorData(
        email="jane@example.com",
        phone="+46701234567",
        name="Jane Doe",
        personal_identity="20040217-7935",
        options={"pet": "Dog", "acceptsEmail": True},
    )
    assert (read.tag, read.notes) == ("NewFriend", ())


def test_sample_with_custom_keys() -> None:
    api = GenericApi(**CUSTOM_KEYS, custom_options=OPTIONS)
    document = sample("contact_custom_keys.json")
    read = from_shared(api, document)
    assert read.visitor.personal_identity == "20040217-7935"
    assert read.visitor.options == {"pet": "Dog", "newsletter_consent": True}
    assert to_shared(api, read.visitor, read.tag) == document


@settings(deadline=None)
@given(VISITORS, st.sampled_from(["", *KNOWN_TAGS]))
def test_what_is_written_is_read_back(visitor: VisitorData, tag: str) -> None:
    document = to_shared(API, visitor, tag)
    over_the_line = parse_json(json.dumps(document, ensure_ascii=False).encode())
    assert isinstance(over_the_line, dict)
    read = from_shared(API, over_the_line)
    assert (read.visitor, read.tag, read.notes) == (visitor, tag, ())


@settings(deadline=None)
@given(VISITORS)
def test_only_what_was_supplied_is_written_and_never_null(visitor: VisitorData) -> None:
    document = to_shared(API, visitor)
    texts = [visitor.email, visitor.phone, visitor.name, visitor.personal_identity]
    assert len(document) == sum(map(bool, texts)) + len(visitor.options)
    assert None not in document.values()
    assert "redeal" not in document


def test_options_that_are_not_configured_or_do_not_fit_are_not_written() -> None:
    visitor = VisitorData(email="a@b.se", options={"colour": "red", "pet": "Bird", "nickname": ""})
    assert to_shared(API, visitor) == {"email": "a@b.se"}


def test_fraction_is_a_number_unless_it_would_be_rounded() -> None:
    exact = VisitorData(options={"age": "12.5"})
    long = VisitorData(options={"age": "0.12345678901234567890123"})
    assert to_shared(API, exact) == {"age": 12.5}
    assert to_shared(API, long) == {"age": "0.12345678901234567890123"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", 5),
        ("email", ["a@b.se"]),
        ("email", "x" * 321),
        ("phone", True),
        ("phone", Decimal("1.5")),
        ("name", {"first": "Jane"}),
        ("personalIdentity", False),
        ("pet", "Bird"),
        ("acceptsEmail", "yes"),
        ("age", "old"),
        ("redeal", 7),
        ("redeal", "x" * 101),
    ],
)
def test_wrong_type_is_dropped_with_a_note_without_the_value(key: str, value: Any) -> None:
    read = from_shared(API, {key: value})
    assert read.visitor == VisitorData()
    assert read.tag == ""
    (note,) = read.notes
    assert note.startswith(f"“{key}” ")
    assert str(value) not in note


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_empty_text_mean_not_given(nothing: Any) -> None:
    document = dict.fromkeys(("email", "phone", "name", "nickname", "redeal"), nothing)
    read = from_shared(API, document)
    assert (read.visitor, read.tag, read.notes) == (VisitorData(), "", ())


def test_unknown_keys_are_ignored() -> None:
    read = from_shared(API, {"email": "a@b.se", "__proto__": {}, "Email": "c@d.se", "x": [1]})
    assert (read.visitor, read.notes) == (VisitorData(email="a@b.se"), ())


def test_unknown_tag_is_returned_with_a_note() -> None:
    read = from_shared(API, {"redeal": "ExistingSignup"})
    assert read.tag == "ExistingSignup"
    assert read.notes == ("“redeal” is none of the known kinds of contact.",)


def test_numbers_of_people_may_come_as_numbers() -> None:
    read = from_shared(API, {"phone": 46701234567, "personalIdentity": 200402177935})
    assert read.visitor == VisitorData(phone="46701234567", personal_identity="200402177935")
