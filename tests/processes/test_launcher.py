"""The launcher with a Python that only pretends: what it calls, and what it says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.waiting import eventually

LAUNCHER = Path(__file__).resolve().parent.parent.parent / "patchbay"
TOOLS = ("sh", "cat", "cksum", "cp", "dirname", "mkdir", "mv", "readlink", "rm", "sleep", "touch")
FAKE_PYTHON = """#!/bin/sh
printf '%s %s\\n' "$0" "$*" >>"$FAKE_LOG"
case "$*" in
    -c*sys.exit*) exit "${FAKE_VERSION_STATUS:-0}" ;;
    -c*ensurepip*) exit "${FAKE_VENV_STATUS:-0}" ;;
    -c*) printf '3.11 fake\\n' ;;
    '-m venv '*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *'pip install'*) sleep "${FAKE_PIP_SECONDS:-0}"; exit "${FAKE_PIP_STATUS:-0}" ;;
    *config.run*) exit 7 ;;
esac
"""


class Machine:
    """A folder with the launcher, and a PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "patch bay"
        self.bin = folder / "bin"
        self.log = folder / "calls"
        for made in (self.root, self.bin):
            made.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        shutil.copy(LAUNCHER, self.root)
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.root / name).write_text("one==1\n")

    def add_python(self, name: str, script: str = FAKE_PYTHON) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def start(
        self, *arguments: str, path: Path | None = None, **fake: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(path or self.root / "patchbay"), *arguments],
            cwd=self.bin,
            env={"PATH": str(self.bin), "FAKE_LOG": str(self.log), **fake},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, path: Path | None = None, **fake: str) -> tuple[int, str]:
        process = self.start(*arguments, path=path, **fake)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output + errors

    def calls(self, containing: str) -> list[str]:
        if not self.log.exists():
            return []
        return [line for line in self.log.read_text().splitlines() if containing in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_first_command_makes_the_environment_and_hands_over(machine: Machine) -> None:
    machine.add_python("python3.11")
    code, _ = machine.run("run", "--port", "9")
    assert code == 7
    (install,) = machine.calls("pip install")
    assert "--require-hashes" in install
    assert install.endswith("patch bay/requirements.lock")
    assert machine.calls("config.run")[-1].endswith(".venv/bin/python -P -m config.run --port 9")


def test_nothing_is_installed_while_the_lock_is_the_same(machine: Machine) -> None:
    machine.add_python("python3.11")
    machine.run("run")
    assert machine.run("run", FAKE_PIP_STATUS="1")[0] == 7
    assert len(machine.calls("pip install")) == 1
    (machine.root / "requirements.lock").write_text("one==2\n")
    machine.run("manage", "check")
    assert len(machine.calls("pip install")) == 2
    assert len(machine.calls("-m venv")) == 1


def test_memory_is_shared_by_threads_unless_the_operator_says_otherwise(machine: Machine) -> None:
    tells = FAKE_PYTHON.replace("exit 7", 'echo "pools: $MALLOC_ARENA_MAX"; exit 7')
    machine.add_python("python3.11", tells)
    assert "pools: 2\n" in machine.run("run")[1]
    assert "pools: 5\n" in machine.run("run", MALLOC_ARENA_MAX="5")[1]


def test_test_installs_the_development_lock(machine: Machine) -> None:
    machine.add_python("python3.11")
    machine.run("test", "-k", "x")
    assert [call.rpartition("/")[2] for call in machine.calls("pip install")] == [
        "requirements-dev.lock"
    ]
    assert machine.calls("-P -m tests -k x")


@pytest.mark.parametrize(
    ("arguments", "handed_over"),
    [
        (("apply", "a.yaml", "--dry-run"), "manage.py apply a.yaml --dry-run"),
        (("export", "demo"), "manage.py export demo"),
        (("bench", "reception", "--seconds", "5"), "-P -m benchmarks reception --seconds 5"),
        (("manage", "check"), "manage.py check"),
    ],
)
def test_command_is_handed_over(
    machine: Machine, arguments: tuple[str, ...], handed_over: str
) -> None:
    machine.add_python("python3.11")
    assert machine.run(*arguments)[0] == 0
    assert machine.calls(handed_over)


def test_python_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.add_python("python3.13", "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
    machine.add_python("python3.12", FAKE_PYTHON.replace("FAKE_VERSION_STATUS:-0", "X:-1"))
    machine.add_python("python3")
    machine.run("run")
    assert machine.calls("-m venv")[0].startswith(str(machine.bin / "python3 "))


def test_missing_python_is_said_with_what_to_install(machine: Machine) -> None:
    code, said = machine.run("run")
    assert code == 1
    assert "Python 3.11, 3.12, 3.13 or 3.14 is needed" in said
    assert "apt-get install python3 python3-venv" in said
    assert not (machine.root / ".venv.lock").exists()


def test_missing_venv_module_is_said_with_what_to_install(machine: Machine) -> None:
    machine.add_python("python3")
    code, said = machine.run("run", FAKE_VENV_STATUS="1")
    assert code == 1
    assert "python3 works, but its venv module is missing." in said
    assert "apt-get install python3-venv" in said


def test_failed_installation_is_said_and_tried_again(machine: Machine) -> None:
    machine.add_python("python3.11")
    code, said = machine.run("run", FAKE_PIP_STATUS="1")
    assert code == 1
    assert "Installing requirements.lock failed" in said
    assert not machine.calls("config.run")
    assert machine.run("run")[0] == 7


def test_link_and_other_folder_find_the_checkout(machine: Machine, tmp_path: Path) -> None:
    machine.add_python("python3.11")
    (tmp_path / "first").symlink_to(Path("patch bay") / "patchbay")
    (tmp_path / "second").symlink_to(tmp_path / "first")
    assert machine.run("run", path=tmp_path / "second")[0] == 7
    assert (machine.root / ".venv" / "bin" / "python").exists()


def test_two_first_starts_install_once(machine: Machine) -> None:
    machine.add_python("python3.11")
    both = [machine.start("run", FAKE_PIP_SECONDS="1") for _ in range(2)]
    for process in both:
        process.communicate(timeout=120)
    assert [process.returncode for process in both] == [7, 7]
    assert len(machine.calls("pip install")) == 1


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let what is started heed Ctrl-C, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_installation_starts_over(machine: Machine, number: signal.Signals) -> None:
    machine.add_python("python3.11")
    process = machine.start("run", FAKE_PIP_SECONDS="300")
    eventually(lambda: machine.calls("pip install"))
    os.killpg(process.pid, number)
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert machine.run("run")[0] == 7
    assert len(machine.calls("pip install")) == 2


def test_help_needs_no_python_and_a_wrong_command_fails(machine: Machine) -> None:
    for arguments in ((), ("help",), ("--help",)):
        code, said = machine.run(*arguments)
        assert code == 0
        assert "./patchbay COMMAND" in said
    code, said = machine.run("runn")
    assert code == 1
    assert "“runn” is not a command." in said
