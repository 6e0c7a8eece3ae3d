"""A person is taken out of a text that was stored as it came in; the others stay in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.json_text import json_text
from common.without_person import ERASED, names_person, without_person


def test_only_the_smallest_object_of_a_list_goes() -> None:
    body = json_text(
        {"meta": 1, "rows": [{"who": {"mail": "A@x.se"}, "n": [1]}, {"who": {"mail": "b@x.se"}}]}
    )
    kept = without_person(body.encode(), ["a@x.se"])
    assert kept is not None
    assert json.loads(kept) == {"meta": 1, "rows": [ERASED, {"who": {"mail": "b@x.se"}}]}


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "a@x.se"}',
        b'["a@x.se", "b@x.se"]',
        b'[{"n": 1}], "a@x.se"',
        b"<email>a@x.se</email>",
        b'{"a@x.se": [1]}',
        b"email=a%40x.se",
    ],
)
def test_what_cannot_be_taken_apart_goes_whole(body: bytes) -> None:
    assert names_person(body, ["a@x.se"])
    assert without_person(body, ["a@x.se"]) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a@x.se", "b", "A@X.SE!"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["k", "l", "a@x.se"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(document=_JSON)
def test_whatever_is_kept_names_nobody(document: Any) -> None:
    kept = without_person(json_text(document).encode(), ["a@x.se"])
    assert kept is None or not names_person(kept, ["a@x.se"])
    if not names_person(json_text(document).encode(), ["a@x.se"]):
        assert kept is not None
        assert json.loads(kept) == document
