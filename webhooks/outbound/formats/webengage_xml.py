"""The XML that form hooks may be set to. Not published: written as our own reader reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from integrations.json_values import decimal_text

# Container → the element that repeats inside it.
_ITEMS: Final = {
    "fields": "field",
    "replies": "reply",
    "attachments": "attachment",
    "questionResponses": "questionResponse",
    "tags": "tag",
}
_MAPS: Final = frozenset(("customData",))
_CLASS: Final = "@class"
# Keys that are no names of XML stand for nothing that a reader knows: they are left out.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# XML 1.0 cannot hold them, not even escaped.
_UNFIT: Final = dict.fromkeys(
    (*(c for c in range(32) if c not in (9, 10, 13)), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF),
    "\ufffd",
)


class _Writer(XMLGenerator):
    def open(self, name: str, **attributes: str) -> None:
        self.startElement(name, AttributesImpl(attributes))

    def characters(self, content: Any) -> None:
        # Parsers turn a bare carriage return into a line feed.
        first, *rest = str(content).translate(_UNFIT).split("\r")
        super().characters(first)
        for part in rest:
            self.ignorableWhitespace("&#13;")
            super().characters(part)


def form_xml(data: Any, ends: Mapping[str, str]) -> bytes:
    """Return `<response><data>…` with its ends; of a list (of replies) each is a `<reply>`."""
    out = BytesIO()
    writer = _Writer(out, encoding="utf-8", short_empty_elements=True)
    writer.startDocument()
    writer.open("response")
    writer.open("data")
    if isinstance(data, list):
        for reply in data:
            _element(writer, "reply", reply)
    else:
        _members(writer, data)
    writer.endElement("data")
    for name, text in ends.items():
        _element(writer, name, text)
    writer.endElement("response")
    return out.getvalue()


def _members(writer: _Writer, value: dict[str, Any]) -> None:
    for name, member in value.items():
        if name in _ITEMS and isinstance(member, list):
            writer.open(name)
            for item in member:
                _element(writer, _ITEMS[name], item)
            writer.endElement(name)
        elif name in _MAPS and isinstance(member, dict):
            writer.open(name)
            _entries(writer, member)
            writer.endElement(name)
        elif _NAME.fullmatch(name):
            _element(writer, name, member)


def _element(writer: _Writer, name: str, value: Any) -> None:
    attributes = {}
    if isinstance(value, dict) and _CLASS in value:
        attributes["class"] = str(value[_CLASS])
    writer.open(name, **attributes)
    if isinstance(value, dict):
        if name == "values":
            _entries(writer, value)
        else:
            _members(writer, value)
    elif isinstance(value, list):
        for item in value:
            _element(writer, "value", item)
    elif value is not None:
        writer.characters(_text(value))
    writer.endElement(name)


def _entries(writer: _Writer, entries: dict[str, Any]) -> None:
    for key, value in entries.items():
        writer.open("entry", key=str(key).translate(_UNFIT))
        if isinstance(value, list):
            for item in value:
                _element(writer, "value", item)
        elif value is not None:
            writer.characters(_text(value))
        writer.endElement("entry")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
