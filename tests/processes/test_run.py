from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from sites.models import AuditEntry, ProcessKind, User
from tests.processes.conftest import StartStack
from tests.processes.stack import HEALTH_TOKEN, ROOT, LiveStack, free_port
from tests.processes.waiting import eventually, is_alive

pytestmark = pytest.mark.processes


def descendants(stack: LiveStack) -> list[int]:
    return [child.pid for child in psutil.Process(stack.process.pid).children(recursive=True)]


def test_stack_is_ready_and_says_so_in_detail_to_the_token(live_stack: LiveStack) -> None:
    answer = live_stack.get("/readyz", token=HEALTH_TOKEN)
    checks = {check["name"]: check["is_ok"] for check in answer.json()["checks"]}
    assert checks == dict.fromkeys(
        ("database", "migrations", "worker", "qcluster", "backlog", "deliveries", "leases"), True
    )
    assert live_stack.get("/readyz/").json() == {"status": "ok"}
    assert "checks" not in live_stack.get("/readyz", token="wrong").json()


def test_first_operator_is_made_once_and_audited(start_stack: StartStack) -> None:
    stack = start_stack()
    user = User.objects.get(is_superuser=True)
    eventually(lambda: "shown this once" in stack.output())
    password = stack.output().partition("(shown this once)")[0].split()[-1]
    assert user.check_password(password)
    assert AuditEntry.objects.filter(action="user.created", object_id=str(user.pk)).exists()
    stack.stop()
    again = start_stack()
    eventually(lambda: "Ctrl-C stops everything" in again.output())
    assert "shown this once" not in again.output()
    assert User.objects.count() == 1


def test_given_password_is_taken_and_never_printed(start_stack: StartStack) -> None:
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD="a password of mine")
    assert User.objects.get().check_password("a password of mine")
    assert "a password of mine" not in stack.output()


@pytest.mark.parametrize("kind", [ProcessKind.WEB, ProcessKind.WORKER, ProcessKind.QCLUSTER])
def test_killed_process_is_replaced(live_stack: LiveStack, kind: ProcessKind) -> None:
    killed = live_stack.kill(kind)
    assert killed
    live_stack.wait_for_replacement(kind, killed)
    live_stack.wait_until_ready()


def test_sigterm_ends_every_process(live_stack: LiveStack) -> None:
    family = descendants(live_stack)
    assert len(family) >= 8  # three guards, granian and its worker, worker, qcluster and its own
    assert live_stack.stop() == 0
    assert [process_id for process_id in family if is_alive(process_id)] == []


def test_killed_supervisor_leaves_no_process_behind(live_stack: LiveStack) -> None:
    family = descendants(live_stack)
    live_stack.process.send_signal(signal.SIGKILL)
    live_stack.process.wait()
    eventually(lambda: not any(is_alive(process_id) for process_id in family))
    with pytest.raises(requests.ConnectionError):
        live_stack.get("/livez")


def run_until_exit(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "config.run", "--data-dir", str(folder), *arguments],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, output = run_until_exit(tmp_path / "data", "--port", port)
    assert code == 1
    assert output == (
        f"Patchbay cannot start: Port {port} is in use. Stop what uses it, or choose another: "
        f"--port {int(port) + 1}.\n"
    )


def test_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    code, output = run_until_exit(tmp_path / "data")
    assert code == 1
    assert output.count("\n") == 1
    assert "choose another with --data-dir" in output


def test_database_that_is_down_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    url = "postgres://patchbay:hunter2@127.0.0.1:1/patchbay"
    code, output = run_until_exit(tmp_path / "data", DATABASE_URL=url)
    assert code == 1
    assert output.count("\n") == 1
    assert "The database does not answer (PostgreSQL, 127.0.0.1:1/patchbay)" in output
    assert "hunter2" not in output


def test_second_run_on_one_data_folder_is_refused(live_stack: LiveStack) -> None:
    code, output = run_until_exit(live_stack.folder / "data", "--port", str(free_port()))
    assert code == 1
    assert "already runs on the data folder" in output


def test_public_host_must_be_allowed(tmp_path: Path) -> None:
    code, output = run_until_exit(tmp_path / "data", PUBLIC_URL="https://hooks.example.com")
    assert code == 1
    assert output.count("\n") == 1
    assert "Set ALLOWED_HOSTS=hooks.example.com" in output
