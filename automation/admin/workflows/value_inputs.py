"""The input of one value: typed by the operator, or a variable of the trigger by its name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from automation.workflows.variables import Variable
from common.masks import MASK, is_personal, mask_identities
from integrations.field_types import FieldDefinition, FieldType

_HEADINGS: Final = (("/event", "From the event"), ("/contact", "From the contact"))
_LONGEST_SAMPLE: Final = 60
_LONGEST_TEXT: Final = 2_000
_YES_NO: Final = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedVariable:
    """One option of the select; `sample` is its latest value, as far as it may be shown."""

    pointer: str
    label: str
    sample: str

    @property
    def text(self) -> str:
        return f"{self.label}: {self.sample}" if self.sample else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The variables under their headings."""

    groups: tuple[tuple[str, tuple[OfferedVariable, ...]], ...] = ()

    @property
    def pointers(self) -> frozenset[str]:
        return frozenset(each.pointer for _, group in self.groups for each in group)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueInput:
    """`chosen` is the pointer of a variable, empty for a typed value, which is `texts`.

    `unknown` is a chosen pointer that is not among those offered (any more).
    """

    name: str
    chosen: str
    texts: tuple[str, ...]
    offered: Offered
    widget: str = "text"
    options: tuple[tuple[str, str], ...] = ()

    @property
    def from_name(self) -> str:
        return f"{self.name}.from"

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""

    @property
    def unknown(self) -> str:
        return "" if self.chosen in self.offered.pointers else self.chosen


def offered_variables(variables: Iterable[Variable], *, is_masked: bool) -> Offered:
    by_root: dict[str, list[OfferedVariable]] = {root: [] for root, _ in _HEADINGS}
    for each in variables:
        root = next((root for root in by_root if each.pointer.startswith(root)), None)
        if root is not None:
            by_root[root].append(
                OfferedVariable(
                    pointer=each.pointer,
                    label=each.label,
                    sample=_sample_text(each, is_masked=is_masked),
                )
            )
    return Offered(
        groups=tuple(
            (heading, tuple(by_root[root])) for root, heading in _HEADINGS if by_root[root]
        )
    )


def _sample_text(variable: Variable, *, is_masked: bool) -> str:
    sample = variable.sample
    if sample is None or sample == "":
        return ""
    text = (
        sample if isinstance(sample, str) else json.dumps(sample, ensure_ascii=False, default=str)
    )
    if is_masked and not isinstance(sample, bool):
        name = variable.pointer.rpartition("/")[2]
        text = MASK if is_personal(name) else mask_identities(text)
    return text if len(text) <= _LONGEST_SAMPLE else f"{text[: _LONGEST_SAMPLE - 1]}…"


def value_input(
    name: str, value: Any, offered: Offered, definition: FieldDefinition | None = None
) -> ValueInput:
    """Return the input of a value of the draft; `definition` is of the field it goes to."""
    given: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    widget, options = _widget(definition)
    return ValueInput(
        name=name,
        chosen=str(given.get("variable") or ""),
        texts=_texts(given.get("literal")),
        offered=offered,
        widget=widget,
        options=options,
    )


def posted_value(
    data: QueryDict, name: str, definition: FieldDefinition | None = None
) -> dict[str, Any]:
    pointer = data.get(f"{name}.from", "")
    if pointer:
        return {"variable": pointer}
    texts = [each[:_LONGEST_TEXT] for each in data.getlist(f"{name}.literal")]
    return {"literal": _literal(texts, definition)}


def _literal(texts: Sequence[str], definition: FieldDefinition | None) -> Any:
    """Return what was typed; an option may be told by its label, and several by commas."""
    if definition is None or definition.type not in (FieldType.RADIO, FieldType.CHECKBOX):
        return texts[0] if texts else ""
    ids = {option.label.casefold(): option.id for option in definition.options}
    known = set(ids.values())

    def option_id(text: str) -> str:
        text = text.strip()
        return text if text in known else ids.get(text.casefold(), text)

    if definition.type is FieldType.RADIO:
        return option_id(texts[0]) if texts else ""
    typed = [part for text in texts for part in ([text] if text in known else text.split(","))]
    return [option_id(each) for each in typed if each.strip()] or ""


def _texts(literal: Any) -> tuple[str, ...]:
    if literal is None:
        return ()
    if isinstance(literal, bool):
        return ("true" if literal else "false",)
    if isinstance(literal, list):
        return tuple(str(each) for each in literal)
    return (str(literal),)


def _widget(definition: FieldDefinition | None) -> tuple[str, tuple[tuple[str, str], ...]]:
    if definition is None:
        return "text", ()
    if definition.type is FieldType.BOOLEAN:
        return "select", _YES_NO
    if definition.type in (FieldType.RADIO, FieldType.CHECKBOX):
        options = tuple((option.id, option.label) for option in definition.options)
        return "select" if definition.type is FieldType.RADIO else "several", options
    if definition.type in (FieldType.INTEGER, FieldType.DECIMAL):
        return "number", ()
    return ("day" if definition.type is FieldType.DATE else "text"), ()
