from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.generic_api.full_name import full_name_joined, full_name_split


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Jane Doe", "Jane", "Doe"),
        ("  Jane \t Doe ", "Jane", "Doe"),
        ("Anna Maria Lind", "Anna Maria", "Lind"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Hilma af Klint", "Hilma", "af Klint"),
        ("Robin van der Berg", "Robin", "van der Berg"),
        ("van der Berg", "", "van der Berg"),
        ("Van Nguyen", "Van", "Nguyen"),
        ("Anna Van Lind", "Anna Van", "Lind"),
        ("Jane von", "Jane", "von"),
        ("Cher", "Cher", ""),
        ("van", "van", ""),
        ("李 小龙", "李", "小龙"),
        ("", "", ""),
        (" ", "", ""),
    ],
)
def test_split(name: str, first: str, last: str) -> None:
    assert full_name_split(name) == (first, last)


@given(st.lists(st.sampled_from(["Jane", "van", "der", "Doe", "å", "O'Hara"]), max_size=6))
def test_joining_gives_the_name_back(words: list[str]) -> None:
    name = "  ".join(words)
    first, last = full_name_split(name)
    assert full_name_joined(first, last) == " ".join(words)
    assert bool(first or last) == bool(words)
