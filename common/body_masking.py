"""Masks personal values inside JSON and XML text, token by token.

Not by parsing: the text may be cut off or malformed, and people should still see its shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from common.masks import MASK, is_personal, is_type_marker, mask_identities

_JSON_TOKEN: Final = re.compile(
    r'("(?:[^"\\]++|\\.)*+"?)(?=(\s*:)?)|[\[\]{},:]|[^\s"\[\]{},:]+|\s+', re.DOTALL
)
_JSON_LITERALS: Final = frozenset(("null", "true", "false"))
_XML_TOKEN: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[^<>]*(?:>|\Z)|[^<]+|<", re.DOTALL
)
_XML_TAG: Final = re.compile(r"</?\s*(?:[\w.-]+:)?([\w.-]+)")
# From the start of a word on: else one long word would be tried from each of its letters.
_XML_ATTRIBUTE: Final = re.compile(r"""(?<![\w.:-])([\w.:-]++)(\s*+=\s*+)("[^"]*+"?|'[^']*+'?)""")
_XML_MAP_KEY: Final = re.compile(r"""\s(?:key|name)\s*=\s*["']([^"']*)""")
# A JSON text inside a JSON string inside …: beyond this the whole string is masked.
_DEEPEST_EMBEDDING: Final = 3


def mask_json_text(text: str, personal: frozenset[str] = frozenset(), embedding: int = 0) -> str:
    """Return the text with personal values masked, those of fields named in `personal` too."""
    return "".join(_masked_json(text, personal, embedding))


def _masked_json(text: str, personal: frozenset[str], embedding: int) -> Iterator[str]:
    # One entry per open bracket: whether all inside belongs to a personal field.
    inside = [False]
    is_field_personal = False
    for match in _JSON_TOKEN.finditer(text):
        part, string, colon = match[0], match[1], match[2]
        if string and colon:
            name = _content(string)
            is_named = name in personal or (is_personal(name) and not is_type_marker(name))
            is_field_personal = is_named or (inside[-1] and not is_type_marker(name))
            yield mask_identities(part)
            continue
        if part in "[{":
            inside.append(is_field_personal)
        elif part in "]}":
            del inside[max(1, len(inside) - 1) :]
            is_field_personal = inside[-1]
        elif part == ",":
            is_field_personal = inside[-1]
        elif not part.isspace() and part != ":" and part not in _JSON_LITERALS:
            part = _masked_scalar(part, is_field_personal, personal, embedding)
        yield part


def _masked_scalar(part: str, is_hidden: bool, personal: frozenset[str], embedding: int) -> str:
    if not part.startswith('"'):
        return f'"{MASK}"' if is_hidden else part
    if is_hidden:
        return f'"{MASK}"' if len(part) > 2 else part
    content = _content(part)
    if content.lstrip().startswith(("{", "[")):
        deeper = embedding + 1
        is_near = deeper <= _DEEPEST_EMBEDDING
        masked = mask_json_text(content, personal, deeper) if is_near else MASK
    else:
        masked = mask_identities(content)
    return part if masked == content else json.dumps(masked, ensure_ascii=False)


def _content(string: str) -> str:
    """Return what a string token says; a cut-off or malformed one as it stands."""
    try:
        return str(json.loads(string, strict=False))
    except ValueError:
        return string.strip('"')


def mask_xml_text(text: str) -> str:
    return "".join(_masked_xml(text))


def _masked_xml(text: str) -> Iterator[str]:
    inside = [False]
    for part in _XML_TOKEN.findall(text):
        if part.startswith(("<!--", "<?", "<!DOCTYPE")):
            yield mask_identities(part)
        elif part.startswith("<![CDATA["):
            yield f"<![CDATA[{MASK}]]>" if inside[-1] else mask_identities(part)
        elif part.startswith("</"):
            del inside[max(1, len(inside) - 1) :]
            yield part
        elif part.startswith("<"):
            if not part.endswith("/>"):
                inside.append(inside[-1] or _names_person(part))
            yield _XML_ATTRIBUTE.sub(_masked_attribute, part)
        elif part.isspace():
            yield part
        else:
            yield MASK if inside[-1] else mask_identities(part)


def _names_person(tag: str) -> bool:
    names = [match[1] for match in (_XML_TAG.match(tag), _XML_MAP_KEY.search(tag)) if match]
    return any(is_personal(name) for name in names)


def _masked_attribute(match: re.Match[str]) -> str:
    name, equals, value = match[1], match[2], match[3]
    is_name_of_field = name.lower() in ("key", "name")
    if is_personal(name) and not is_name_of_field:
        return f"{name}{equals}{value[0]}{MASK}{value[0]}"
    return f"{name}{equals}{mask_identities(value)}"
