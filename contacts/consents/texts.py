"""The texts of one version of a consent, per culture.

Terms are kept exactly as they were written: a person agreed to those words. So HTML that could run
anything is refused where it is written, and is shown here as plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from contacts.normalisation.values import line_normalised, text_storable

# The parts of a culture's text, as the database and the API's body keep them.
CONDITION: Final = "condition"
DISPLAY: Final = "display"
LINK: Final = "link"
PARTS: Final = (CONDITION, DISPLAY, LINK)
LONGEST: Final[Mapping[str, int]] = {CONDITION: 50_000, DISPLAY: 1_000, LINK: 200}
MOST_CULTURES: Final = 40
LABELS: Final[Mapping[str, str]] = {
    CONDITION: "Terms",
    DISPLAY: "Text beside the box",
    LINK: "Words of the link",
}

Texts = Mapping[str, Mapping[str, str]]

_CULTURE: Final = re.compile(r"([A-Za-z]{2,3})[-_]([A-Za-z]{2})")
_TAGS: Final = frozenset(
    (
        *("a", "b", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "em", "hr", "i", "li"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "s", "small", "span", "strong", "sub"),
        *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
    )
)
_ATTRIBUTES: Final = frozenset(("href", "title", "target", "rel", "lang", "colspan", "rowspan"))
_TAG: Final = re.compile(r'<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z-]+="[^"<>]*")*)\s*/?>')
_ATTRIBUTE: Final = re.compile(r'([A-Za-z-]+)="([^"]*)"')
_ADDRESS: Final = re.compile(r"(https?://|mailto:|tel:|/(?![/\\])|#)", re.IGNORECASE)
_BREAKS: Final = re.compile(
    r"<(?:br|hr|/p|/div|/li|/h[1-6]|/tr|/dt|/dd|/blockquote)\b[^>]*>", re.IGNORECASE
)
_LINES: Final = re.compile(r"(?<![ \t])[ \t]*+\n\s*\n+")


def checked_texts(texts: Any) -> dict[str, dict[str, str]]:
    """Return the texts by culture, in order; raises ValidationError with a sentence for each fault.

    Empty cultures are left out. Terms keep every character; the other parts become one line.
    """
    if not isinstance(texts, Mapping):
        raise ValidationError({"texts": "Texts are a mapping of cultures, such as sv-SE."})
    found: dict[str, dict[str, str]] = {}
    faults: list[str] = []
    for name, parts in texts.items():
        culture = culture_normalised(str(name))
        if culture is None:
            faults.append(f"“{name}” is no culture. Write language and country: sv-SE.")
        elif culture in found:
            faults.append(f"{culture} is there twice.")
        elif read := _checked_parts(culture, parts, faults):
            found[culture] = read
    if len(found) > MOST_CULTURES:
        faults.append(f"{MOST_CULTURES} cultures are the most.")
    if faults:
        raise ValidationError({"texts": faults})
    return dict(sorted(found.items()))


def culture_normalised(text: str) -> str | None:
    """Return `sv-SE`, whatever the case; None for what is no language with its country."""
    match = _CULTURE.fullmatch(text.strip())
    return f"{match[1].lower()}-{match[2].upper()}" if match and text.isascii() else None


def plain_words(markup: str) -> str:
    """Return HTML as plain text with its line breaks; to be escaped like any other text."""
    text = _TAG.sub("", _BREAKS.sub("\n", markup))
    return _LINES.sub("\n\n", html.unescape(text)).strip()


def _checked_parts(culture: str, parts: Any, faults: list[str]) -> dict[str, str]:
    if not isinstance(parts, Mapping) or not all(
        name in PARTS and isinstance(value, str) for name, value in parts.items()
    ):
        faults.append(f"{culture}: a text has {', '.join(PARTS)}, nothing else.")
        return {}
    given = {name: parts.get(name, "") for name in PARTS}
    read = {name: line_normalised(value) for name, value in given.items()}
    read[CONDITION] = text_storable(given[CONDITION].replace("\r\n", "\n")).strip()
    if not any(read.values()):
        return {}
    if not read[DISPLAY]:
        faults.append(f"{culture}: write the text beside the box, which is what people say yes to.")
    for name, value in read.items():
        if len(value) > LONGEST[name]:
            faults.append(f"{culture}: {LABELS[name]} are longer than {LONGEST[name]} characters.")
    if fault := markup_fault(read[CONDITION]):
        faults.append(f"{culture}: {fault}")
    return read


def markup_fault(markup: str) -> str:
    """Return why HTML cannot be taken, as a sentence; "" when it can.

    Strict instead of clever: whatever is not plainly one of the known tags is refused, so that no
    browser can read anything else into it.
    """
    for match in _TAG.finditer(markup):
        name = match[2].lower()
        if name not in _TAGS:
            return f"the tag <{name}> is not taken. Take it out of the terms."
        for attribute, value in _ATTRIBUTE.findall(match[3]):
            if attribute.lower() not in _ATTRIBUTES:
                return f"<{name}> cannot have “{attribute}”. Take it out of the terms."
            address = html.unescape(value).strip()
            if attribute.lower() == "href" and not _ADDRESS.match(address):
                return "a link has to begin with https://, mailto:, tel:, / or #."
    if re.search(r"<[^\s\d=]", _TAG.sub("", markup)):
        return (
            "there is a < that begins no tag that is taken here. Write &lt; for the character, and "
            'values of tags in double quotes: <a href="https://…">.'
        )
    return ""
