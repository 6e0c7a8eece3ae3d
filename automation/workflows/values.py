"""What a setting of a step is given: a literal, or a variable of the run.

{"literal": 10}    {"variable": "/event/amount"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from integrations.pointers import MISSING, clean_pointer, resolve

Value = Mapping[str, Any]
Variables = Mapping[str, Any]


def check_value(document: Any) -> dict[str, Any]:
    """Return the value as it is stored; raises ValueError with a sentence."""
    if not isinstance(document, Mapping) or len(document) != 1:
        raise ValueError("Give either a literal or a variable.")
    ((kind, content),) = document.items()
    if kind == "literal":
        if isinstance(content, Decimal):
            return {"literal": str(content)}
        is_plain = content is None or isinstance(content, str | bool | int | float)
        is_list = isinstance(content, list) and all(isinstance(each, str) for each in content)
        if not is_plain and not is_list:
            raise ValueError("A literal is text, a number, yes or no, or a list of options.")
        return {"literal": content}
    if kind == "variable":
        pointer = clean_pointer(content if isinstance(content, str) else "")
        if not pointer.startswith(("/event", "/contact")):
            raise ValueError("A variable is one of the event or of the contact.")
        return {"variable": pointer}
    raise ValueError("Give either a literal or a variable.")


def resolve_value(value: Value, variables: Variables) -> Any:
    """Return what the value is in a run; None when the variable is not there."""
    if "literal" in value:
        return value["literal"]
    found = resolve(variables, value["variable"])
    return None if found is MISSING else found


def pointers_in(document: Any) -> Iterator[str]:
    """Yield the pointer of every variable and condition anywhere in settings."""
    if isinstance(document, Mapping):
        for key, content in document.items():
            if key in ("variable", "pointer") and isinstance(content, str):
                yield content
            else:
                yield from pointers_in(content)
    elif isinstance(document, list | tuple):
        for each in document:
            yield from pointers_in(each)
