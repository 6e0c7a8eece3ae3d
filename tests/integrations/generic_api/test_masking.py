from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.generic_api.masking import MOST_KEPT_BYTES, CallMask

SECRET = 'a "secret" & more/å'
MASK = CallMask(
    identity_key="ssn",
    secret_headers=frozenset(("X-Token",)),
    secret_query=frozenset(("key",)),
    secrets=(SECRET, "Bearer token-of-bearer"),
    identities=("20040217-7935",),
)
IDENTITIES = [
    "20040217-7935",
    "200402177935",
    "20040217 7935",
    "20040217+7935",
    "040217-7935",
    "0402177935",
    "20040217%2D7935",
    "2004 02 17 79 35",
]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h.example/a", "https://h.example/a"),
        ("https://h.example/a?", "https://h.example/a?"),
        ("https://h.example/a?email=x%40y", "https://h.example/a?email=x%40y"),
        ("https://h.example/a?ssn=5&email=x", "https://h.example/a?ssn=•••&email=x"),
        ("https://h.example/a?s%73n=5", "https://h.example/a?s%73n=•••"),
        ("https://h.example/a?key=5&key=6", "https://h.example/a?key=•••&key=•••"),
        ("https://h.example/a?api_key=5", "https://h.example/a?api_key=•••"),
        ("https://h.example/0402177935?a=040217-7935", "https://h.example/•••?a=•••"),
        ("https://h.example/a?b&&c=", "https://h.example/a?b&&c="),
    ],
)
def test_url_keeps_all_but_secrets(url: str, kept: str) -> None:
    assert MASK.url(url) == kept


@pytest.mark.parametrize("form", [SECRET, quote(SECRET, safe=""), quote(SECRET)])
def test_secret_is_masked_in_every_form(form: str) -> None:
    assert MASK.body(f"<p>{form}</p>".encode()) == "<p>•••</p>"
    for escapes in (True, False):
        body = json.dumps({"a": SECRET}, ensure_ascii=escapes)
        assert MASK.body(body.encode()) == '{"a": "•••"}'
    assert MASK.headers({"X-Echo": form}) == {"X-Echo": "•••"}


def test_token_is_masked_without_the_word_in_front_of_it() -> None:
    assert MASK.body(b"token-of-bearer") == "•••"


def test_headers_are_masked_by_name() -> None:
    given = {"x-token": "other", "Set-Cookie": "a=b", "Location": "/x?y=z", "X-Plain": "plain"}
    assert MASK.headers(given) == {
        "x-token": "•••",
        "Set-Cookie": "•••",
        "Location": "/x?y=•••",
        "X-Plain": "plain",
    }


@pytest.mark.parametrize("identity", IDENTITIES)
def test_identity_is_masked_however_it_is_written(identity: str) -> None:
    assert MASK.body(f"x {identity} y".encode()) == "x ••• y"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"ssn":"191212121212"}', '{"ssn":"•••"}'),
        ('{"SSN" : 191212121212, "b": 1}', '{"SSN" : "•••", "b": 1}'),
        ('[{"a":{"ssn":"1"}}]', '[{"a":{"ssn":"•••"}}]'),
        ('{"ssn":null,"a":{"ssn":""}}', '{"ssn":null,"a":{"ssn":""}}'),
        ('{"ssn":"19121212', '{"ssn":"•••"'),
        ('{"ssn":"1\\"2", "b": 1}', '{"ssn":"•••", "b": 1}'),
        ('{"ssns":"1"}', '{"ssns":"1"}'),
    ],
)
def test_identity_is_masked_by_its_key(body: str, kept: str) -> None:
    assert MASK.body(body.encode()) == kept


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=10), max_size=3),
    st.text(min_size=1, max_size=30),
    st.booleans(),
)
def test_no_value_of_the_key_survives(others: dict[str, Any], value: str, escapes: bool) -> None:
    document = {"a": others, "ssn": f"{value}-THE-END"}
    kept = MASK.body(json.dumps(document, ensure_ascii=escapes).encode("utf-8", "replace"))
    assert "THE-END" not in kept


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 300))
def test_any_bytes_become_text_that_is_short_and_storable(part: bytes, times: int) -> None:
    kept = MASK.body(part * times)
    assert len(kept.encode()) <= MOST_KEPT_BYTES
    assert "\0" not in kept


def test_without_anything_known_only_names_are_masked() -> None:
    bare = CallMask(identity_key="ssn", identities=("",), secrets=("", "abc"))
    assert bare.body(b'abc {"ssn": "5"}') == 'abc {"ssn": "•••"}'
