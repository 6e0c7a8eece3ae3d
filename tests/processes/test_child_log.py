from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from config.supervisor import child_log
from config.supervisor.child_log import ChildLog


def test_tail_shows_this_start_only_in_words(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("of the start before\n")
    log = ChildLog(path)
    log.begin()
    entry = {"event": "it broke", "exception": "Traceback\n  File\nValueError: no"}
    with log.open() as output:
        output.write(b"plain \x1b[31mred\n\n" + json.dumps(entry).encode() + b"\n")
    assert log.tail() == ["plain  [31mred", "it broke (ValueError: no)"]
    assert len(log.tail(lines=1)) == 1


def test_log_is_private(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "web.log")
    log.open().close()
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_large_log_is_moved_and_the_child_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_log, "ROTATE_BYTES", 10)
    log = ChildLog(tmp_path / "web.log")
    with log.open() as output:
        output.write(b"more than ten bytes\n")
        log.rotate()
        output.write(b"after\n")
        log.rotate()
    assert log.path.read_text() == "after\n"
    assert (tmp_path / "web.log.1").read_text() == "more than ten bytes\n"
    assert log.tail() == ["after"]
