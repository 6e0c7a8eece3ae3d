"""A stored body as text for a page: decoded, cut to size, indented, masked where asked.

Indented token by token and never parsed: numbers keep their digits, keys sent twice stay visible,
and a body that is cut off or malformed is shown as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from common.redaction import mask_body_text

# What a browser lays out without a pause; the download has the rest.
MOST_SHOWN_BYTES: Final = 128 * 1024
_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]|[^\s"\[\]{},:]+', re.DOTALL)
# What is never closed goes to the end: it is not looked for again from each later beginning.
_XML_TOKEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[^<>]*>|[^<]+|<", re.DOTALL
)
_DEEPEST_INDENT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadText:
    """`text` is not HTML; `is_cut` says that the body goes on."""

    text: str
    is_cut: bool
    is_masked: bool


def payload_text(
    body: bytes,
    *,
    is_masked: bool,
    whole_bytes: int | None = None,
    personal_names: Iterable[str] = (),
) -> PayloadText:
    """Return what a page shows of a body; `whole_bytes` is its size when `body` is a part.

    `personal_names` are fields whose values are masked besides those whose name says so.
    """
    shown = bytes(body[:MOST_SHOWN_BYTES])
    text = shown.decode("utf-8-sig", "replace").replace("\0", "\ufffd")
    if is_masked:
        text = mask_body_text(text, personal_names)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        text = "".join(_indented_json(text)).strip("\n")
    elif start == "<":
        text = "\n".join(_indented_xml(text))
    return PayloadText(
        text=text, is_cut=len(shown) < (whole_bytes or len(body)), is_masked=is_masked
    )


def _indented_json(text: str) -> Iterator[str]:
    depth = 0
    previous = ""
    for part in _JSON_TOKEN.findall(text):
        if part in "}]":
            depth -= 1
            # An empty object stays on its line.
            if previous not in ("{", "["):
                yield _line(depth)
        elif previous in ("{", "[", ","):
            yield _line(depth)
        if part in "{[":
            depth += 1
        yield ": " if part == ":" else part
        previous = part


def _indented_xml(text: str) -> Iterator[str]:
    depth = 0
    line = ""
    for part in _XML_TOKEN.findall(text):
        if part.startswith("</"):
            depth -= 1
            # A closing tag ends the line of its opening tag when only text stands between.
            if line:
                yield line + part
                line = ""
            else:
                yield _pad(depth) + part
        elif part.startswith("<") and not part.startswith(("<!", "<?")):
            if line:
                yield line
            line = _pad(depth) + part
            if part.endswith("/>"):
                yield line
                line = ""
            else:
                depth += 1
        elif part.strip():
            line = (line or _pad(depth)) + part.strip()
            if part.startswith(("<?", "<!--", "<!DOCTYPE")):
                yield line
                line = ""
    if line:
        yield line


def _line(depth: int) -> str:
    return "\n" + _pad(depth)


def _pad(depth: int) -> str:
    return "  " * max(0, min(depth, _DEEPEST_INDENT))
