"""Bodies as text: indented without being parsed, cut to size, masked where asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.admin.payload_text import MOST_SHOWN_BYTES, payload_text
from integrations.registry import offered_presets


def shown(body: bytes) -> str:
    return payload_text(body, is_masked=False).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":1.10,"a":[1,{}]}', '{\n  "a": 1.10,\n  "a": [\n    1,\n    {}\n  ]\n}'),
        (b'{"a": "x, {y}: \\"z\\""}', '{\n  "a": "x, {y}: \\"z\\""\n}'),
        (b'{"cut": [1, "of', '{\n  "cut": [\n    1,\n    "of'),
        (b"]]}}", "]]}}"),
        (b"<a><b>x</b><c/></a>", "<a>\n  <b>x</b>\n  <c/>\n</a>"),
        (b"<?xml version='1.0'?><a><b>", "<?xml version='1.0'?>\n<a>\n  <b>"),
        (b"plain \xff\x00 text", "plain \ufffd\ufffd text"),
        (b"", ""),
    ],
)  # fmt: skip
def test_shape(body: bytes, text: str) -> None:
    assert shown(body) == text


def json_samples() -> list[Path]:
    return [
        sample.path
        for preset in offered_presets()
        for sample in preset.samples()
        if sample.path.suffix == ".json"
    ]


@pytest.mark.parametrize("path", json_samples(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_sample_keeps_its_meaning(path: Path) -> None:
    body = path.read_bytes()
    assert json.loads(shown(body)) == json.loads(body)


def test_a_long_body_is_cut_and_says_so() -> None:
    payload = payload_text(b"x" * (MOST_SHOWN_BYTES + 1), is_masked=False)
    assert payload.is_cut
    assert len(payload.text) == MOST_SHOWN_BYTES
    assert payload_text(b"{}", is_masked=False, whole_bytes=3).is_cut


def test_a_deep_body_does_not_grow_without_end() -> None:
    assert len(shown(b"[" * 60_000)) < 6_000_000


# Each of these once took minutes or hours of a process, when staff looked at what a stranger sent.
@pytest.mark.parametrize(
    "body",
    [
        b"<" + b"!--<" * (MOST_SHOWN_BYTES // 4),
        b"<![CDATA[" * (MOST_SHOWN_BYTES // 9),
        b"<" + b"a" * MOST_SHOWN_BYTES,
        b"<a " + b"b " * (MOST_SHOWN_BYTES // 2),
        b"<a b" + b" " * MOST_SHOWN_BYTES,
        b'<a b="' + b"'" * MOST_SHOWN_BYTES,
        b'{"' + b"a" * (MOST_SHOWN_BYTES - 10) + b'-":1}',
        b'{"' + b"A" * (MOST_SHOWN_BYTES - 10) + b'-":1}',
    ],
    ids=lambda body: str(body[:12]),
)
@pytest.mark.parametrize("is_masked", [False, True])
def test_a_body_made_to_be_slow_is_shown_like_any_other(body: bytes, is_masked: bool) -> None:
    text = payload_text(body, is_masked=is_masked).text
    assert text.lstrip().startswith(body[:1].decode())
    assert len(text) < 6 * MOST_SHOWN_BYTES


def test_a_comment_that_is_never_closed_goes_to_the_end() -> None:
    assert shown(b"<a><!-- b <c> --><!-- d <e>") == "<a><!-- b <c> -->\n  <!-- d <e>"


def test_masking_hides_people_and_keeps_the_rest() -> None:
    text = payload_text(b'{"email":"jane@example.com","type":"x"}', is_masked=True).text
    assert "jane" not in text
    assert '"type": "x"' in text


def test_fields_that_a_site_named_itself_are_masked_too() -> None:
    body = b'{"kund": "Jane", "type": {"kund": 7}, "redeal": "NewFriend", "raw": "{\\"kund\\": 1}"}'
    text = payload_text(body, is_masked=True, personal_names=("kund",)).text
    assert "Jane" not in text
    assert "7" not in text
    assert "1}" not in text
    assert '"redeal": "NewFriend"' in text
