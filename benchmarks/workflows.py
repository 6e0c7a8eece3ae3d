"""What workflows cost where events become contacts: `./patchbay bench workflows`.

One worker works off the same events three times: with no workflow, with one that sets two fields,
and with one that awards points and sends an event. The first is the limit of the other two; all
are printed beside each other, and afterwards every run is counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from benchmarks.installation import temporary_installation
from benchmarks.printed import line

if TYPE_CHECKING:
    from benchmarks.waiting_events import Scenario
    from benchmarks.worked_off import Run

_TRIGGER_TYPE: Final = "contact.updated"


def main() -> int:
    options = _options()
    with temporary_installation(options.database):
        print(f"Workflows on {options.database}, one worker, {options.events:,} events each")
        _meet_people(options.events)
        exact = [
            _bench(options.events, number, *each)
            for number, each in enumerate(
                (
                    ("no workflow", lambda: None),
                    ("one that sets two fields", _sets_fields),
                    ("one that awards points and sends an event", _awards_and_sends),
                )
            )
        ]
    return 0 if all(exact) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--events", type=int, default=20_000)
    return parser.parse_args()


def _meet_people(events: int) -> None:
    """Let the people be known before anything is measured."""
    from benchmarks.waiting_events import created
    from benchmarks.worked_off import run_worker

    run_worker(created(events).fill)


def _bench(events: int, number: int, name: str, prepare: Callable[[], Any]) -> bool:
    from automation.models import Workflow
    from benchmarks.waiting_events import updated
    from benchmarks.worked_off import run_worker

    for earlier in Workflow.objects.filter(state="running"):
        _pause(earlier)
    made = prepare()
    scenario = updated(events, name=name, first=(number + 1) * events)
    _print(scenario, run_worker(scenario.fill))
    problems = [*scenario.problems(), *(_missing(made, events) if made else [])]
    line("", "; ".join(problems) if problems else "every event had its effect once")
    return not problems


def _print(scenario: Scenario, run: Run) -> None:
    line(scenario.name, f"{scenario.rows / run.seconds:10,.0f} events/s")
    micros = (run.cpu_seconds + run.server_cpu_seconds) / scenario.rows * 1e6
    line("  CPU of worker and database server", f"{micros:10,.0f} µs an event")


def _missing(made: Any, events: int) -> list[str]:
    from automation.models import WorkflowStep

    steps = WorkflowStep.objects.filter(run__workflow=made)
    done = steps.filter(state="done").count()
    expected = events * len(made.active_version.definition["steps"])
    return [f"{done:,} STEPS DONE INSTEAD OF {expected:,}"] if done != expected else []


def _start(name: str, *steps: dict[str, Any]) -> Any:
    from automation.models import Workflow
    from automation.workflows.services import workflow_save, workflow_start
    from sites.audit import Actor
    from sites.models import Site
    from webhooks.models import Source

    site = Site.objects.get(slug="bench")
    source = Source.objects.get(site=site)
    trigger = {
        "type": "inbound_event", "source": source.public_id, "event_type": _TRIGGER_TYPE
    }  # fmt: skip
    made = Workflow(site=site, name=name)
    actor = Actor.system("bench")
    workflow_save(workflow=made, definition={"trigger": trigger, "steps": list(steps)}, actor=actor)
    return workflow_start(workflow=made, actor=actor)


def _pause(workflow: Any) -> None:
    from automation.workflows.services import workflow_pause
    from sites.audit import Actor

    workflow_pause(workflow=workflow, actor=Actor.system("bench"))


def _sets_fields() -> Any:
    from contacts.models import ContactField
    from sites.models import Site

    site = Site.objects.get(slug="bench")
    ContactField.objects.create(site=site, field_id="visits", name="Visits", type="integer")
    rows = [
        {"field": "visits", "operation": "add", "value": {"literal": 1}},
        {"field": "care_of", "operation": "set", "value": {"variable": "/event/payload/street"}},
    ]
    return _start("Sets fields", {"action": "set_field", "settings": {"rows": rows}})


def _awards_and_sends() -> Any:
    from benchmarks.waiting_events import subscribe
    from contacts.models import PointDefinition
    from integrations.models import CustomIntegration
    from sites.models import Site
    from webhooks.outbound.models import SendEvent

    site = Site.objects.get(slug="bench")
    PointDefinition.objects.create(site=site, number=1, name="Points")
    integration = CustomIntegration.objects.create(site=site, name="Tills")
    event = SendEvent.objects.create(site=site, integration=integration, name="Visited", fields=[])
    subscribe(1, "send.*")
    return _start(
        "Awards and sends",
        {"action": "award_points", "settings": {"definition": 1, "amount": {"literal": 5}}},
        {"action": "send_event", "settings": {"event": event.event_id, "values": {}}},
    )


if __name__ == "__main__":
    raise SystemExit(main())
