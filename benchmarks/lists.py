"""How fast the console's lists open: `./patchbay bench lists --rows 10000000`.

Fills a throw-away installation with received events, outcomes, contacts and rejected requests, and
with one Onsite submission and two API calls for every four events. Then opens every list, filter
and search through the real views and prints p50 and p95 of each. A superuser, who sees all sites,
and a member of two sites are asked: their queries differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Final

from benchmarks.installation import temporary_installation

if TYPE_CHECKING:
    from django.test import Client

    from benchmarks.long_tables import LongTables

BUDGET_SECONDS: Final = 0.3


def main() -> int:
    options = _options()
    with temporary_installation(options.database):
        from benchmarks.long_tables import long_tables_fill
        from config.static_files import static_files_collect

        static_files_collect()
        print(f"Lists on {options.database}, {options.rows:,} received events")
        started = time.perf_counter()
        tables = long_tables_fill(options.rows, body_bytes=options.body_bytes, progress=_progress)
        print(f"\rfilled in {time.perf_counter() - started:,.0f} s{' ' * 40}")
        slow = 0
        for who, client in _clients(tables):
            print(f"\n  {who:<56} {'p50 ms':>8} {'p95 ms':>8}")
            for name, address in _addresses(tables):
                slow += _measure(client, name, address, options.repeats)
    print(
        f"\n  {slow} over {BUDGET_SECONDS * 1000:.0f} ms" if slow else "\n  all within the budget"
    )
    return 1 if slow else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--body-bytes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=20)
    return parser.parse_args()


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text:<60}", end="", flush=True)


def _clients(tables: LongTables) -> list[tuple[str, Client]]:
    from django.test import Client

    from sites.models import Membership, Role, User

    superuser = User.objects.create(username="bench-superuser", is_superuser=True)
    member = User.objects.create(username="bench-member")
    for site_id in (tables.first_site, tables.first_site + 1):
        Membership.objects.create(user=member, site_id=site_id, role=Role.SUPPORT)
    clients = []
    for name, user in (("superuser, all sites", superuser), ("member of two sites", member)):
        client = Client(SERVER_NAME="localhost")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        clients.append((name, client))
    return clients


def _addresses(tables: LongTables) -> list[tuple[str, str]]:
    events = "/admin/webhooks/receivedevent/"
    rejected = "/admin/webhooks/rejectedrequest/"
    contacts = "/admin/contacts/contact/"
    site, source = tables.first_site, tables.first_source
    rare_source = source + 19
    middle = tables.rows // 2
    person = tables.people // 2
    old = f"from={tables.at(0.3):%Y-%m-%dT%H:%M}&to={tables.at(0.31):%Y-%m-%dT%H:%M}"
    filters = [
        "", f"older_than={tables.event_id(middle)}", f"newer_than={tables.event_id(middle)}",
        *(f"status={status}" for status in (
            "received", "processing", "processed", "partly_processed", "ignored", "failed",
        )),
        f"site={site}", f"source={source}", f"source={rare_source}", "type=contact.type3",
        "type=rare.type", "type=old.type", "type=no.such.type", "cause=NO_IDENTITY",
        "cause=NO_SUCH_CAUSE", "when=hour", "when=today", "when=week", old,
        f"site={site}&status=failed", f"status=failed&{old}", "status=failed&type=rare.type",
        "status=processed&type=old.type", f"source={source}&status=ignored&type=old.type",
        "status=received&type=old.type", f"source={source}&type=rare.type",
        f"site={site}&source={rare_source}&status=processed&{old}",
    ]  # fmt: skip
    searches = [
        str(tables.event_id(middle)), f"evt-{middle}", f"person{person}@example.com",
        f"+467{10_000_000 + person}", str(tables.contact_id(person)), "nobody@example.com",
    ]  # fmt: skip
    return [
        *((f"received events ?{query}"[:56], f"{events}?{query}") for query in filters),
        *((f"received events, search {q}"[:56], f"{events}?q={_quoted(q)}") for q in searches),
        ("received event, page", f"{events}{tables.event_id(middle)}/change/"),
        *(
            (f"rejected requests ?{query}", f"{rejected}?{query}")
            for query in ("", "cause=BAD_XML", "cause=BAD_TOKEN", f"source={source}", "when=week")
        ),
        ("contacts", contacts),
        (f"contacts ?site={site}", f"{contacts}?site={site}"),
        *((f"contacts, search {q}"[:56], f"{contacts}?q={_quoted(q)}") for q in searches[2:]),
        *_onsite_addresses(tables, old, searches[2:]),
    ]


def _onsite_addresses(tables: LongTables, old: str, searches: list[str]) -> list[tuple[str, str]]:
    submissions, calls = "/admin/onsite/submission/", "/admin/integrations/apicall/"
    site, middle = tables.first_site, tables.submissions // 2
    of_submissions = (
        "", "state=running", "state=blocked", "again=yes", "again=yes&state=blocked",
        "role=friend", "role=signup", "tag=ConvertedFriend", f"site={site}", "when=week", old,
        f"site={site}&state=blocked&tag=NewSignup", f"older_than={tables.submission_id(middle)}",
    )  # fmt: skip
    of_calls = (
        "", "outcome=blocked", "outcome=error", "direction=served", "purpose=resend",
        "operation=write", f"site={site}", f"site={site}&outcome=blocked&purpose=trial",
        "when=week", old, f"older_than={tables.api_call_id(middle)}",
    )  # fmt: skip
    return [
        *((f"submissions ?{query}"[:56], f"{submissions}?{query}") for query in of_submissions),
        *(
            (f"submissions, search {q}"[:56], f"{submissions}?q={_quoted(q)}")
            for q in (str(tables.submission_id(middle)), *searches)
        ),
        ("submission, page", f"{submissions}{tables.submission_id(middle)}/change/"),
        *((f"API calls ?{query}"[:56], f"{calls}?{query}") for query in of_calls),
        ("API call, page", f"{calls}{tables.api_call_id(middle)}/change/"),
    ]


def _quoted(text: str) -> str:
    return text.replace("+", "%2B")


def _measure(client: Client, name: str, address: str, repeats: int) -> bool:
    """Print one line; return whether p95 is over the budget."""
    seconds = []
    status = 0
    for _ in range(repeats + 1):
        started = time.perf_counter()
        status = client.get(address).status_code
        seconds.append(time.perf_counter() - started)
    # The first one filled caches that a running process has.
    measured = sorted(seconds[1:])
    p50, p95 = measured[len(measured) // 2], measured[int(len(measured) * 0.95)]
    missing = status == 404 and "/change/" in address
    note = "" if status == 200 or missing else f"  ANSWERED {status}"
    mark = "  OVER" if p95 > BUDGET_SECONDS else ""
    print(f"  {name:<56} {p50 * 1000:8.1f} {p95 * 1000:8.1f}{mark}{note}")
    return p95 > BUDGET_SECONDS


if __name__ == "__main__":
    raise SystemExit(main())
