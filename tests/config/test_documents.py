"""The pages for people: what they name is there, and what can happen to a reader is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from config.api.generator import public_schema
from config.environment import BASE_DIR
from integrations.causes import RejectionCause

DOCS: Final = BASE_DIR / "docs"
PAGES: Final = (BASE_DIR / "README.md", *sorted(DOCS.rglob("*.md")))
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]+")
# Settings are named alike wherever they stand; whoever looks one up looks into the example file.
_SETTING: Final = re.compile(r"`((?:RETENTION|WORKER|OUTBOUND|RECEPTION|API|APP|HEALTH)_[A-Z_]+)")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """Return what the headings of a page are called in an address."""
    outside = re.sub(r"^```.*?^```", "", text_of(path), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(text_of(page)):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_setting_that_is_named_can_be_set() -> None:
    listed = set(re.findall(r"^#?([A-Z_]+)=", text_of(BASE_DIR / ".env.example"), re.MULTILINE))
    named = {name for page in PAGES for name in _SETTING.findall(text_of(page))}
    assert "RETENTION_BODY_DAYS" in named
    # `RETENTION_…` stands for all of its kind.
    assert {name for name in named if not name.endswith("_")} <= listed


def test_every_code_that_an_endpoint_answers_is_told_of() -> None:
    told = "".join(text_of(page) for page in DOCS.glob("*.md"))
    answered = {code for code in _codes(public_schema()) if _CODE.fullmatch(code)}
    assert "IDEMPOTENCY_KEY_REUSED" in answered
    assert not [code for code in sorted(answered) if f"`{code}`" not in told]


def _codes(part: Any) -> Iterator[str]:
    """Yield each example and each allowed value of a key `code`."""
    if isinstance(part, dict):
        code = part.get("code")
        if isinstance(code, str):
            yield code
        elif isinstance(code, dict):
            yield from code.get("enum", ())
        for inner in part.values():
            yield from _codes(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _codes(inner)


def test_every_cause_of_a_refusal_is_told_of() -> None:
    told = text_of(DOCS / "received-events.md").partition("| cause of a rejected request |")[2]
    assert [cause for cause in RejectionCause if f"`{cause}`" not in told] == []
