"""`./patchbay run`: everything from an empty folder to a supervised installation."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from config.data_folder import data_folder_lock, data_folder_prepare
from config.environment import BASE_DIR, data_folder
from config.listening import check_address, local_url
from config.start_failure import StartFailed
from config.supervisor.terminal import Terminal

FIRST_ANSWER_SECONDS: Final = 60.0


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./patchbay run", description="Start everything and keep it running."
    )
    parser.add_argument("--demo", action="store_true", help="load a demo site and play samples in")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (%(default)s)")
    parser.add_argument("--data-dir", type=Path, help="folder of keys, logs and database (var)")
    parser.add_argument(
        "--grace", type=float, default=20.0, metavar="SECONDS",
        help="how long stopping may take before it becomes killing (%(default)s)",
    )  # fmt: skip
    parsed = parser.parse_args(arguments)
    if not 1 <= parsed.port <= 65535:
        parser.error("--port is a number from 1 to 65535")
    if parsed.grace <= 0:
        parser.error("--grace is a number of seconds above 0")
    return parsed


def start(options: argparse.Namespace, terminal: Terminal) -> None:
    """Prepare and supervise; return when asked to stop. Raises `StartFailed`."""
    if options.data_dir is not None:
        os.environ["PATCHBAY_DATA_DIR"] = str(options.data_dir.expanduser().resolve())
    # Children import the project from here, and nothing by accident from the caller's folder.
    os.chdir(BASE_DIR)
    folder = data_folder()
    data_folder_prepare(folder)
    check_address(options.host, options.port)
    # Bound for as long as this process lives: closing it would let a second one in.
    lock = data_folder_lock(folder)
    os.environ.setdefault("PUBLIC_URL", local_url(options.host, options.port))
    if options.demo:
        # The demo's store asks the API of the demo's retailer, which this installation serves.
        os.environ.setdefault("OUTBOUND_ALLOWED_NETWORKS", "127.0.0.1/32,::1/128")
        os.environ.setdefault("OUTBOUND_ALLOWED_PORTS", f"80,443,8080,8443,{options.port}")
    os.environ["PATCHBAY_SUPERVISOR"] = secrets.token_hex(8)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
    from config.database_start import database_check, database_label, database_prepare
    from config.static_files import static_files_collect

    database_check()
    terminal.say(f"Patchbay is starting on {database_label()}.")
    password = database_prepare()
    static_files_collect()
    _supervise(options, terminal, folder, password)
    lock.close()


def _supervise(
    options: argparse.Namespace, terminal: Terminal, folder: Path, password: str | None
) -> None:
    from config.processes import make_children
    from config.supervisor.heartbeat_watch import HeartbeatWatch, beats_of
    from config.supervisor.supervisor import Supervisor

    children = make_children(
        host=options.host, port=options.port, grace_seconds=options.grace, logs=folder / "logs"
    )
    identity = os.environ["PATCHBAY_SUPERVISOR"]

    def announce() -> None:
        url = local_url(options.host, options.port)
        if not _answers(f"{url}/livez"):
            terminal.bad(f"{url} does not answer yet; see {folder / 'logs' / 'web.log'}.")
            return
        running = ", ".join(child.name for child in children if child.is_running)
        _welcome(terminal, url, folder, running, password)
        if options.demo:
            from config.demo import demo_play

            terminal.good(demo_play(url))

    Supervisor(
        children,
        watch=HeartbeatWatch(lambda: beats_of(identity)),
        terminal=terminal,
        grace_seconds=options.grace,
        on_start=announce,
    ).run()


def _answers(url: str) -> bool:
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=2):
                return True
        except OSError as error:
            # A 400 is an answer too: which host names are refused is the operator's setting.
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                return True
            time.sleep(0.1)
    return False


def _welcome(
    terminal: Terminal, url: str, folder: Path, running: str, password: str | None
) -> None:
    from config.database_start import FIRST_OPERATOR

    terminal.say("")
    terminal.fact("Open", f"{url}/admin/")
    if password:
        terminal.fact("Log in", f"{FIRST_OPERATOR}  {password}  (shown this once)")
    terminal.fact("Running", running)
    shown = folder.relative_to(BASE_DIR) if folder.is_relative_to(BASE_DIR) else folder
    terminal.fact("Logs", str(shown / "logs"))
    terminal.say("  Ctrl-C stops everything.\n")


def main() -> int:
    terminal = Terminal()
    try:
        start(parse_arguments(sys.argv[1:]), terminal)
    except (StartFailed, ImproperlyConfigured) as error:
        sys.stderr.write(f"Patchbay cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
