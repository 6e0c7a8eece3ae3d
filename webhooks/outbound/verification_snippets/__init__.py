"""Code that receivers copy to verify our signature: real files, each run by a test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
# File name → what people call the language.
LANGUAGES: Final = {
    "verify_webhook.py": "Python",
    "verify_webhook.mjs": "Node",
    "verify_webhook.php": "PHP",
    "verify_webhook.go": "Go",
    "VerifyWebhook.cs": "C#",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """`element_id` is what a page calls it."""

    label: str
    element_id: str
    text: str


@cache
def snippets() -> tuple[Snippet, ...]:
    """Return the code in every language, in the order in which it is offered."""
    return tuple(
        Snippet(
            label=label,
            element_id=f"snippet-{name.rpartition('.')[2]}",
            text=(FOLDER / name).read_text(encoding="utf-8"),
        )
        for name, label in LANGUAGES.items()
    )
