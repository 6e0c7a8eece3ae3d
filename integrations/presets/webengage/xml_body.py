"""WebEngage's XML bodies, turned into the shape of its JSON ones.

No XML form is published. `@class` in the JSON is the usual picture of an attribute, and the rest
is read tolerantly: lists with or without a container, map entries in three spellings, with or
without the outer `response`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 20_000

# Container → the element that repeats inside it.
_LISTS: Final[Mapping[str, str]] = {
    "fields": "field",
    "replies": "reply",
    "attachments": "attachment",
    "questionResponses": "questionResponse",
    "tags": "tag",
}
_CONTAINERS: Final = {item: container for container, item in _LISTS.items()}
_TYPED_VALUE_PARENTS: Final = frozenset(("field", "questionResponse"))
_LIST_MAPS: Final = frozenset(("customData",))
_NUMBERS: Final = frozenset(("fileSize",))


class BadXml(Exception):
    """The body is no XML that is taken; the message names line and column."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"{reason} (line {line}, column {column}).")
        self.line = line
        self.column = column


class _TooLarge(Exception):
    """Raised inside the parser when a limit is passed."""


class _BoundedTreeBuilder(TreeBuilder):
    """Stops at a limit while reading, before a tree exists that could not be walked."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise _TooLarge(f"The elements are nested more than {MAX_DEPTH} deep")
        if self._elements > MAX_ELEMENTS:
            raise _TooLarge(f"The body has more than {MAX_ELEMENTS} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(body: bytes) -> Element:
    """Return the root; refuses DTDs, entities and outside references. Raises `BadXml`."""
    parser = DefusedXMLParser(target=_BoundedTreeBuilder(), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except ParseError as error:
        line, column = error.position
        reason = "The body is not well-formed XML"
        raise BadXml(reason, line, column + 1) from None
    except DefusedXmlException:
        reason = "A document type or an entity is declared, which is refused"
        raise BadXml(reason, *_position(parser)) from None
    except _TooLarge as error:
        raise BadXml(str(error), *_position(parser)) from None
    except (ValueError, LookupError):
        reason = "The declared encoding is unknown"
        raise BadXml(reason, *_position(parser)) from None
    return root


def document_from(root: Element) -> Any:
    """Return the `data` of the body in the shape that the JSON body would have."""
    data = root if root.tag == "data" else root.find("data")
    if data is None:
        data = root
    children = {child.tag for child in data}
    if data.tag in _LISTS:
        return _list(data, _LISTS[data.tag])
    if data.tag == "reply":
        return [_object(data)]
    if children and children <= {"reply", "replies"}:
        holder = data.find("replies")
        return _list(data if holder is None else holder, "reply")
    return _object(data)


def _position(parser: Any) -> tuple[int, int]:
    expat = parser.parser
    return expat.CurrentLineNumber, expat.CurrentColumnNumber + 1


def _object(element: Element) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for child in element:
        if child.tag in _LISTS:
            result.setdefault(child.tag, []).extend(_list(child, _LISTS[child.tag]))
        elif child.tag in _CONTAINERS:
            result.setdefault(_CONTAINERS[child.tag], []).append(_object(child))
        elif child.tag in _LIST_MAPS:
            result[child.tag] = _map(child, lists=True)
        elif child.tag == "value" and element.tag in _TYPED_VALUE_PARENTS:
            result["value"] = _typed_value(child)
        else:
            result[child.tag] = _plain(child)
    return result


def _plain(element: Element) -> Any:
    if len(element):
        return _object(element)
    text = element.text or ""
    return _number(text) if element.tag in _NUMBERS else text


def _list(container: Element, item: str) -> list[Any]:
    return [_object(child) if len(child) else _plain(child) for child in container.findall(item)]


def _typed_value(element: Element) -> dict[str, Any]:
    """Return the answer of a field; its class is an attribute or, less usually, a child."""
    kind = element.get("class") or element.findtext("class") or ""
    result: dict[str, Any] = {"@class": kind}
    values = element.find("values")
    if kind == "list":
        # One answer must stay a list, so a container that is left out is not missed.
        holder = element if values is None else values
        result["values"] = [child.text or "" for child in holder.findall("value")]
        return result
    if kind in ("matrix", "map"):
        result["values"] = _map(element if values is None else values, lists=kind == "matrix")
        return result
    for child in element:
        if child.tag != "class":
            result[child.tag] = _plain(child)
    if kind == "score":
        result["value"] = _number(str(result.get("value", element.text or "")))
    return result


def _map(element: Element, *, lists: bool) -> dict[str, Any]:
    """Return a map from `<entry key>`, `<entry><key/><value/></entry>` or elements by name."""
    result: dict[str, Any] = {}
    for child in element:
        if child.tag == "class":
            continue
        key = child.get("key") or child.findtext("key") or child.tag
        values = [value.text or "" for value in child.findall("value")]
        if lists:
            own_text = [child.text] if child.text and not len(child) else []
            result.setdefault(key, []).extend(values or own_text)
        else:
            result[key] = values[0] if values else child.text or ""
    return result


def _number(text: str) -> Any:
    """Return a whole number where the text is one, else the text as it came."""
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 15 else text
