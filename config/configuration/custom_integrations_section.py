from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.reception_events import EVENT_KEYS, EventsInFile, exported_event
from config.configuration.references import References
from config.configuration.section import Applying
from config.configuration.send_events import (
    SEND_EVENT_KEYS,
    SendEventsInFile,
    exported_send_event,
)
from integrations.custom_integrations.services import (
    INTEGRATION_FIELDS,
    integration_delete,
    integration_save,
)
from integrations.models import CustomIntegration
from sites.models import Site
from webhooks.inbound.models import ReceptionEvent
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.outbound.models import SendEvent
from webhooks.outbound.send_events.services import send_event_delete

_KEYS: Final = (*INTEGRATION_FIELDS, "events", "send_events")


class CustomIntegrationsSection:
    """The site's custom integrations by name, with their events: reception ones by alias.

    Ids of events travel with them, so that URLs survive a move.
    """

    key = "custom_integrations"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        integrations = sorted(site.custom_integrations.all(), key=lambda each: each.name)
        return [_exported(site, integration, references) for integration in integrations]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {each.name: each for each in run.site.custom_integrations.order_by("name")}
        events = EventsInFile(run, run.site)
        send_events = SendEventsInFile(run, run.site)
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            integration = present.pop(name, None) or CustomIntegration(site=run.site, name=name)
            try:
                _apply_integration(run, entry, integration, events, send_events)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error)
        _remove_send_events(run, send_events.unlisted)
        _remove(run, events.unlisted, present)


def _exported(site: Site, integration: CustomIntegration, references: References) -> dict[str, Any]:
    live = integration.reception_events.filter(deleted_at=None).select_related("source")
    events = sorted(live, key=lambda event: event.alias)
    plain = {name: getattr(integration, name) for name in INTEGRATION_FIELDS}
    sent = sorted(SendEvent.objects.filter(integration=integration), key=lambda event: event.name)
    return plain | {
        "events": [exported_event(site, event, references) for event in events],
        "send_events": [exported_send_event(event) for event in sent],
    }


def _apply_integration(
    run: Applying,
    entry: Entry,
    integration: CustomIntegration,
    events: EventsInFile,
    send_events: SendEventsInFile,
) -> None:
    before = len(run.problems.lines)
    for name in INTEGRATION_FIELDS:
        given = entry.text(name, has_lines=name == "description")
        if given is not None:
            setattr(integration, name, given)
    listed, sent = entry.items("events"), entry.items("send_events")
    if len(run.problems.lines) > before:
        return
    integration_save(integration=integration, actor=run.actor)
    for each in entries(
        f"{entry.path}.events",
        listed or [],
        known=EVENT_KEYS,
        natural_key="alias",
        problems=run.problems,
    ):
        events.apply(each, integration)
    for each in entries(
        f"{entry.path}.send_events",
        sent or [],
        known=SEND_EVENT_KEYS,
        natural_key="name",
        problems=run.problems,
    ):
        send_events.apply(each, integration)


def _remove_send_events(run: Applying, events: dict[str, SendEvent]) -> None:
    for name, event in events.items():
        if not run.prune:
            run.unlisted.append(f"send event {name}")
            continue
        try:
            send_event_delete(event=event, actor=run.actor)
        except ValidationError as error:
            run.problems.add_validation("custom_integrations", error)


def _remove(
    run: Applying,
    events: dict[str, ReceptionEvent],
    integrations: dict[str, CustomIntegration],
) -> None:
    try:
        for alias, event in events.items():
            if run.prune:
                reception_event_delete(event=event, actor=run.actor)
            else:
                run.unlisted.append(f"reception event {alias}")
        for name, integration in integrations.items():
            if run.prune:
                integration_delete(integration=integration, actor=run.actor)
            else:
                run.unlisted.append(f"custom integration {name}")
    except ValidationError as error:
        run.problems.add_validation("custom_integrations", error)
