"""Every format as it goes out, byte for byte.

After a change that was meant: `python -m tests.webhooks.outbound.dialects.recorded_requests --all`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.webhooks.outbound.dialects.recorded_requests import (
    CASES,
    FOLDER,
    golden_path,
    request_bytes,
)
from webhooks.outbound.formats.registry import formats


@pytest.mark.parametrize("name", CASES)
def test_the_request_is_the_recorded_one(name: str) -> None:
    assert request_bytes(name) == golden_path(name).read_bytes()


def test_files_and_cases_are_the_same_set_and_no_format_is_missing() -> None:
    files = {path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("*.http")}
    assert {str(path) for path in files} == {name.removesuffix(".http") for name in _stems()}
    assert {case.format_key for case in CASES.values()} == {each.key for each in formats()}


def _stems() -> set[str]:
    return {str(golden_path(name).relative_to(FOLDER).with_suffix("")) for name in CASES}


def test_examples_in_the_documentation_are_recorded_requests() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "formats.md").read_text(encoding="utf-8")
    examples = re.findall(r"```http\n(.*?)\n```", page, re.DOTALL)
    recorded = {golden_path(name).read_text(encoding="utf-8").rstrip("\n") for name in CASES}
    assert len(examples) == len(formats()) + 3
    assert set(examples) <= recorded
    for dialect in formats():
        assert f"| [{dialect.label}](#" in page
