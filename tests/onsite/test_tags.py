"""The whole table of `redeal`."""

from __future__ import annotations

import pytest

from onsite.flow.tags import decide_tag
from onsite.models import Role, Tag

TABLE = [
    # role, known, converted, tag
    ("ambassador", False, False, "NewAmbassador"),
    ("ambassador", True, False, "ExistingAmbassador"),
    ("ambassador", False, True, "ConvertedAmbassador"),
    ("ambassador", True, True, "ConvertedAmbassador"),
    ("friend", False, False, "NewFriend"),
    ("friend", True, False, "ExistingFriend"),
    ("friend", False, True, "ConvertedFriend"),
    ("friend", True, True, "ConvertedFriend"),
    ("signup", False, False, "NewSignup"),
    ("signup", True, False, None),
    ("signup", False, True, "NewSignup"),
    ("signup", True, True, None),
]


@pytest.mark.parametrize(("role", "is_known", "has_converted", "tag"), TABLE)
def test_tag_of(role: str, is_known: bool, has_converted: bool, tag: str | None) -> None:
    decided = decide_tag(role=Role(role), is_known=is_known, has_converted=has_converted)
    assert decided == (None if tag is None else Tag(tag))


def test_the_table_has_every_case_and_every_tag() -> None:
    assert {row[:3] for row in TABLE} == {
        (role, known, converted)
        for role in Role.values
        for known in (False, True)
        for converted in (False, True)
    }
    assert {row[3] for row in TABLE} - {None} == set(Tag.values)
