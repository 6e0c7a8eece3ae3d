"""Takes one person out of a text that was stored as it came in, and leaves the others in it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from common.json import BadJson, parse_json
from common.json_text import json_text

ERASED: Final = {"erased": True}


def names_person(raw: bytes, texts: Collection[str]) -> bool:
    """Say whether the bytes hold one of the texts, given in lower case, as JSON or form too."""
    lowered = raw.lower()
    return any(form in lowered for text in texts for form in _forms(text))


def without_person(raw: bytes, texts: Collection[str]) -> bytes | None:
    """Return the bytes without whom the texts name, or None where nothing can be kept.

    In JSON the smallest object of a list that names the person becomes `{"erased": true}`, so that
    the others keep their places. What is no JSON, or names the person outside of a list, goes.
    """
    try:
        document = parse_json(raw)
    except BadJson:
        return None
    kept, is_whole = _without(document, frozenset(text.lower() for text in texts))
    if not is_whole:
        return None
    written = json_text(kept).encode()
    return None if names_person(written, texts) else written


def _forms(text: str) -> set[bytes]:
    escaped = json.dumps(text)[1:-1]
    return {text.encode(), escaped.encode(), text.replace("@", "%40").replace("+", "%2b").encode()}


def _without(value: Any, texts: frozenset[str]) -> tuple[Any, bool]:
    """Return the value with the person's objects replaced, and whether it may stay itself."""
    if isinstance(value, list):
        kept = [_without(item, texts) for item in value]
        is_named_bare = any(not whole and not isinstance(item, dict) for item, whole in kept)
        return [item if whole else ERASED for item, whole in kept], not is_named_bare
    if isinstance(value, dict):
        pairs = {key: _without(item, texts) for key, item in value.items()}
        is_named = any(key.lower() in texts for key in pairs)
        whole = not is_named and all(whole for _, whole in pairs.values())
        return {key: item for key, (item, _) in pairs.items()}, whole
    if isinstance(value, str):
        lowered = value.lower()
        return value, not any(text in lowered for text in texts)
    return value, value is None or isinstance(value, bool) or str(value) not in texts
