from __future__ import annotations

import stat
from pathlib import Path

import pytest

from common.encryption import KeyRing
from config.data_folder import data_folder_lock, data_folder_prepare
from config.environment import ENCRYPTION_KEYS_FILE, SECRET_KEY_FILE, checked_secret_key
from config.start_failure import StartFailed


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_keys_are_private_and_usable(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "var"
    data_folder_prepare(folder)
    assert mode(folder) == 0o700
    for name in (SECRET_KEY_FILE, ENCRYPTION_KEYS_FILE):
        assert mode(folder / name) == 0o600
    assert checked_secret_key((folder / SECRET_KEY_FILE).read_text().strip())
    ring = KeyRing.from_text((folder / ENCRYPTION_KEYS_FILE).read_text().strip())
    assert ring.decrypt(ring.encrypt("text", "a.b"), "a.b") == "text"
    assert not list(folder.glob(".*"))


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    data_folder_prepare(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    data_folder_prepare(tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


def test_key_that_another_start_wrote_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / SECRET_KEY_FILE).write_text("the other's")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # looked a moment too early
    data_folder_prepare(tmp_path)
    assert (tmp_path / SECRET_KEY_FILE).read_text() == "the other's"


def test_two_keys_of_two_folders_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        data_folder_prepare(tmp_path / name)
    for name in (SECRET_KEY_FILE, ENCRYPTION_KEYS_FILE):
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes()


def test_folder_is_locked_while_in_use(tmp_path: Path) -> None:
    with data_folder_lock(tmp_path), pytest.raises(StartFailed, match="already runs"):
        data_folder_lock(tmp_path)
    data_folder_lock(tmp_path).close()


def test_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartFailed, match="choose another with --data-dir"):
        data_folder_prepare(tmp_path / "file" / "var")
