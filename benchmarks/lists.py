"""How fast the console's lists open: `./patchbay bench lists --rows 10000000`.

Fills a throw-away installation with received events and everything that follows from them, in
proportion. Then opens every list that the admin registers, by every filter and search, and the
lists on the pages of one row, through the real views. Prints p50 and p95 of each, how many queries
it took, and the processor time of the console and its database, which holds on a busy machine too.
A superuser, who sees all sites, a member of two sites and a member of a small one are asked: their
queries differ. Fails where p95 is over the budget, and where a list that grows has no rows here.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import psutil

from benchmarks.installation import temporary_installation

if TYPE_CHECKING:
    from django.test import Client

    from benchmarks.long_tables import LongTables

BUDGET_SECONDS: Final = 0.3
# Where a list that pages by key holds fewer, nothing is measured.
_LEAST_ROWS: Final = 20
_WIDTH: Final = 76


def main() -> int:
    options = _options()
    with temporary_installation(options.database):
        from benchmarks.filled import tables_fill
        from benchmarks.list_addresses import pages, short_lists
        from config.static_files import static_files_collect

        static_files_collect()
        print(f"Lists on {options.database}, {options.rows:,} received events")
        started = time.perf_counter()
        tables = tables_fill(options.rows, body_bytes=options.body_bytes, progress=_progress)
        print(f"\rfilled in {time.perf_counter() - started:,.0f} s{' ' * 40}")
        missing = list(short_lists(_LEAST_ROWS))
        clients = _clients(tables)
        opened = list(pages(clients[0][1], tables))
        slow = 0
        for who, client in clients:
            print(f"\n  {who:<{_WIDTH}} {'p50 ms':>8} {'p95 ms':>8} {'queries':>8} {'CPU ms':>8}")
            for name, address in opened:
                if options.only in name:
                    slow += _measure(client, name, address, options.repeats)
    for sentence in missing:
        print(f"  {sentence}")
    print(
        f"\n  {slow} over {BUDGET_SECONDS * 1000:.0f} ms" if slow else "\n  all within the budget"
    )
    return 1 if slow or missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--body-bytes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", default="", help="open only pages whose name holds this")
    return parser.parse_args()


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text:<60}", end="", flush=True)


def _clients(tables: LongTables) -> list[tuple[str, Client]]:
    from django.test import Client

    from sites.models import Membership, Role, User

    superuser = User.objects.create(username="bench-superuser", is_superuser=True)
    of_two = User.objects.create(username="bench-of-two")
    of_small = User.objects.create(username="bench-of-small")
    for user, site_id in (
        (of_two, tables.first_site),
        (of_two, tables.first_site + 1),
        (of_small, tables.small_site),
    ):
        Membership.objects.create(user=user, site_id=site_id, role=Role.ADMIN)
    clients = []
    for name, user in (
        ("superuser, all sites", superuser),
        ("member of two sites", of_two),
        ("member of a small site", of_small),
    ):
        client = Client(SERVER_NAME="localhost")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        clients.append((name, client))
    return clients


def _measure(client: Client, name: str, address: str, repeats: int) -> bool:
    """Print one line; return whether p95 is over the budget."""
    from django.db import connection

    queries: list[str] = []

    def noted(execute: Any, sql: str, *call: Any) -> Any:
        queries.append(sql)
        return execute(sql, *call)

    # The first one fills caches that a running process has.
    client.get(address)
    with connection.execute_wrapper(noted):
        status = client.get(address).status_code
    seconds = []
    server = _database_process()
    cpu_before = _cpu_seconds(server)
    for _ in range(repeats):
        started = time.perf_counter()
        client.get(address)
        seconds.append(time.perf_counter() - started)
    cpu = (_cpu_seconds(server) - cpu_before) / repeats
    measured = sorted(seconds)
    p50, p95 = measured[len(measured) // 2], measured[int(len(measured) * 0.95)]
    # Some lists and rows are not for everybody.
    if status in (403, 404):
        return False
    note = "" if status == 200 else f"  ANSWERED {status}"
    mark = "  OVER" if p95 > BUDGET_SECONDS else ""
    figures = f"{p50 * 1000:8.1f} {p95 * 1000:8.1f} {len(queries):8} {cpu * 1000:8.0f}"
    print(f"  {name[:_WIDTH]:<{_WIDTH}} {figures}{mark}{note}", flush=True)
    return p95 > BUDGET_SECONDS


def _database_process() -> psutil.Process | None:
    """Return the process that serves our connection, where it runs on this machine."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        process = psutil.Process(pid)
        return process if process.name().startswith("postgres") else None
    except psutil.NoSuchProcess:
        return None


def _cpu_seconds(server: psutil.Process | None) -> float:
    times = server.cpu_times() if server else None
    return time.process_time() + (times.user + times.system if times else 0)


if __name__ == "__main__":
    raise SystemExit(main())
