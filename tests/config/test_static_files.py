from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from config.static_files import STAMP_NAME, static_files_collect


@pytest.fixture
def folders(tmp_path: Path, settings: Settings) -> tuple[Path, Path]:
    source, root = tmp_path / "source", tmp_path / "collected"
    source.mkdir()
    (source / "page.css").write_text("a{}")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = root
    return source, root


def test_files_are_collected_when_they_changed_and_only_then(folders: tuple[Path, Path]) -> None:
    source, root = folders
    assert static_files_collect()
    assert (root / "page.css").read_text() == "a{}"
    assert not static_files_collect()
    (source / "page.css").write_text("b{}")
    os.utime(source / "page.css", ns=(0, 0))
    assert static_files_collect()
    assert (root / "page.css").read_text() == "b{}"
    (source / "page.css").unlink()
    assert static_files_collect()
    assert not (root / "page.css").exists()


def test_interrupted_collection_starts_over(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, root = folders
    static_files_collect()
    (root / STAMP_NAME).write_text("of an older release")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("config.static_files.call_command", interrupt)
        with pytest.raises(KeyboardInterrupt):
            static_files_collect()
    assert not (root / STAMP_NAME).exists()
    assert static_files_collect()
