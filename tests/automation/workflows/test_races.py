"""Several processes at one time: threads with connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection

from automation.models import RunState, WorkflowRun
from contacts.models import Contact, PointAccount, PointDefinition
from sites.models import Site
from tests.automation.workflows.making import (
    changed,
    contact_field,
    set_field,
    step,
    work,
    workflow,
)
from tests.automation.workflows.passing_time import pass_time

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
WAIT = step("wait", amount=1, unit="minutes")


def at_once(do: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def again(do: Callable[[], Any]) -> Any:
    """Do it again after a deadlock, as whoever causes a change does."""
    for _ in range(10):
        try:
            return do()
        except OperationalError:
            connection.close()
    return do()


def test_what_many_add_at_once_is_all_there(site: Site) -> None:
    contact_field(site, "visits", "integer")
    PointDefinition.objects.create(site=site, number=1, name="Stars")
    workflow(
        site,
        set_field("visits", 10, "add"),
        step("award_points", definition=1, amount={"literal": 5}),
        trigger={"type": "contact_change", "fields": []},
    )
    changed(site)
    before = Contact.objects.get().attributes["visits"]
    runs_before = WorkflowRun.objects.filter(depth=1).count()
    at_once(lambda number: again(lambda: changed(site, city=f"City {number}")))
    begun = WorkflowRun.objects.filter(state=RunState.FINISHED).count()
    assert WorkflowRun.objects.filter(depth=1).count() == runs_before + THREADS
    assert Contact.objects.get().attributes["visits"] == 10 * begun > before
    assert PointAccount.objects.get().balance == 5 * begun


@pytest.mark.parametrize("entry", ["once", "not_while_running"])
def test_contact_that_is_met_by_many_at_once_begins_once(site: Site, entry: str) -> None:
    changed(site)
    workflow(site, WAIT, entry=entry)
    at_once(lambda number: again(lambda: changed(site, city=f"City {number}")))
    assert WorkflowRun.objects.count() == 1


def test_workers_at_once_do_each_run_once(site: Site) -> None:
    contact_field(site, "visits", "integer")
    trigger = {"type": "contact_change", "fields": ["city"]}
    workflow(site, WAIT, set_field("visits", 1, "add"), trigger=trigger)
    for number in range(30):
        changed(site, f"p{number}@example.com", city="Malmö")
    pass_time(minutes=1)
    done = at_once(lambda _: again(work))
    assert sum(done) == 30
    visits = {row["visits"] for row in Contact.objects.values_list("attributes", flat=True)}
    assert visits == {1}
