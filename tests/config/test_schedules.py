from __future__ import annotations

from importlib import import_module

import pytest
from django.utils import timezone
from django_q.models import Schedule

from config.schedules import PLAN, PREFIX, Planned, schedules_sync
from sites.models import Heartbeat, ProcessKind


@pytest.mark.parametrize("planned", PLAN, ids=lambda planned: planned.name)
def test_planned_function_can_be_called(planned: Planned) -> None:
    module, _, name = planned.function.rpartition(".")
    assert callable(getattr(import_module(module), name))


@pytest.mark.django_db
@pytest.mark.parametrize("planned", PLAN, ids=lambda planned: planned.name)
def test_planned_function_runs_on_an_empty_database(planned: Planned) -> None:
    module, _, name = planned.function.rpartition(".")
    getattr(import_module(module), name)()


@pytest.mark.django_db
def test_migrating_makes_the_schedules() -> None:
    rows = Schedule.objects.values_list("name", "func", "minutes", "repeats")
    assert set(rows) == {
        (PREFIX + planned.name, planned.function, planned.every_minutes, -1) for planned in PLAN
    }


@pytest.mark.django_db
def test_sync_repairs_keeps_what_is_due_and_removes_what_is_gone() -> None:
    due = timezone.now().replace(year=2030)
    name = PREFIX + PLAN[0].name
    Schedule.objects.filter(name=name).update(func="os.getcwd", repeats=0, next_run=due)
    Schedule.objects.create(name=PREFIX + "removed", func="os.getcwd")
    Schedule.objects.create(name="an operator's own", func="os.getcwd")
    schedules_sync()
    repaired = Schedule.objects.get(name=name)
    assert (repaired.func, repaired.repeats, repaired.next_run) == (PLAN[0].function, -1, due)
    assert not Schedule.objects.filter(name=PREFIX + "removed").exists()
    assert Schedule.objects.filter(name="an operator's own").exists()


@pytest.mark.django_db
def test_new_cluster_shows_itself_before_its_first_schedule() -> None:
    from django_q.signals import post_spawn

    post_spawn.send(sender="django_q", proc_name="worker")
    assert Heartbeat.objects.filter(kind=ProcessKind.QCLUSTER).count() == 1
