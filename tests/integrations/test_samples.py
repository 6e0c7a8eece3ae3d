from __future__ import annotations

from pathlib import Path

import pytest

from integrations.samples import samples_in


def test_payloads_come_in_order_with_what_the_vendor_adds(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"{}")
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    (tmp_path / "notes.txt").write_bytes(b"no payload")
    (tmp_path / "samples.yaml").write_text("b.json: {query: {q: x}, headers: {h: y}}")
    first, second = samples_in(tmp_path)
    assert (first.name, first.content_type, first.body()) == ("a.xml", "application/xml", b"<a/>")
    assert (first.query, first.headers) == ({}, {})
    assert (second.name, second.query, second.headers) == ("b.json", {"q": "x"}, {"h": "y"})


def test_sidecar_that_names_a_missing_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "samples.yaml").write_text("gone.json: {query: {}}")
    with pytest.raises(ValueError, match=r"gone\.json"):
        samples_in(tmp_path)
