"""The dry run of a workflow: on a received event and a contact, each step's effect, none stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from automation.models import Workflow, WorkflowVersion
from automation.workflows.definition import Definition, stored_definition
from automation.workflows.dry_run import NoSuchEvent, workflow_dry_run
from automation.workflows.samples import latest_event, rows_of, source_of
from automation.workflows.site_things import SiteThings
from common.admin.status_chip import Tone, status_chip
from common.newest_rows import newest_of
from contacts.admin.change_words import FieldChange, contact_label, field_changes
from contacts.admin.field_words import field_names
from contacts.models import Contact
from contacts.search import contacts_found
from sites.models import Site
from webhooks.inbound.models import ReceivedEvent

_MOST_OFFERED: Final = 20
_LONGEST: Final = 254
_CHIPS: Final = {
    "done": ("Would be done", Tone.GOOD),
    "skipped": ("Nothing to do", Tone.QUIET),
    "failed": ("Would fail", Tone.BAD),
    "retrying": ("Would fail, and be tried again", Tone.WARNING),
    "pending": ("Would be sent", Tone.WAITING),
    "wait": ("Would wait", Tone.WAITING),
    "stop": ("Would stop here", Tone.WARNING),
}
_NOT_REACHED: Final = ("Not reached", Tone.QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEffect:
    number: int
    title: str
    sentence: str
    chip: SafeString
    changes: list[FieldChange]


def dry_run_context(
    request: HttpRequest, workflow: Workflow, newest: WorkflowVersion | None
) -> dict[str, Any]:
    """Return what the page shows; a POST runs the newest version."""
    if newest is None:
        return {"events": [], "problem": "Save the workflow first."}
    definition = stored_definition(newest.definition)
    things = SiteThings(workflow.site)
    source_id = source_of(definition.trigger, things)
    typed = {name: request.POST.get(name, "").strip()[:_LONGEST] for name in ("event", "contact")}
    context: dict[str, Any] = {
        "version": newest,
        "needs_event": source_id is not None,
        "events": [] if source_id is None else _events(source_id, workflow.site),
        "picked": typed["event"],
        "typed_contact": typed["contact"],
    }
    if request.method != "POST":
        return context
    try:
        received = _chosen_event(typed["event"], source_id)
        contact = _chosen_contact(workflow, typed["contact"], definition, received)
        context |= _result(things, definition, received, contact)
    except ValidationError as error:
        context["problem"] = " ".join(error.messages)
    except NoSuchEvent as error:
        context["problem"] = str(error)
    return context


def _result(
    things: SiteThings, definition: Definition, received: ReceivedEvent | None, contact: Contact
) -> dict[str, Any]:
    event = None if received is not None else latest_event(definition.trigger, things)
    ran = workflow_dry_run(
        site=things.site,
        definition=definition,
        contact=contact,
        event=event,
        received_event=received,
    )
    names = field_names(things.site.pk)
    return {
        "ran": ran,
        "contact": contact,
        "contact_label": contact_label(contact),
        "effects": [
            ShownEffect(
                number=effect.position + 1,
                title=effect.title,
                sentence=effect.sentence,
                chip=status_chip(*_CHIPS.get(effect.outcome, _NOT_REACHED)),
                changes=field_changes(effect.changes, names),
            )
            for effect in ran.steps
        ],
    }


def _events(source_id: int, site: Site) -> list[tuple[str, str]]:
    rows = newest_of(ReceivedEvent.objects.filter(body__isnull=False), "source_id", source_id)
    with timezone.override(site.time_zone):
        return [
            (
                str(each.pk),
                f"{timezone.localtime(each.received_at):%d %b %H:%M:%S}, {each.event_type}",
            )
            for each in rows.only("received_at", "event_type")[:_MOST_OFFERED]
        ]


def _chosen_event(key: str, source_id: int | None) -> ReceivedEvent | None:
    """Look it up among the events of the trigger's own source, whatever id was sent."""
    if source_id is None:
        return None
    if not key:
        raise ValidationError("Choose a received event.")
    gone = "This event is not kept any more. Choose another."
    try:
        found = ReceivedEvent.objects.filter(pk=UUID(key), source_id=source_id).first()
    except ValueError:
        raise ValidationError(gone) from None
    if found is None or found.body is None:
        raise ValidationError(gone)
    return found


def _chosen_contact(
    workflow: Workflow, typed: str, definition: Definition, received: ReceivedEvent | None
) -> Contact:
    """Return the one contact that was named, or else the one that the event was about."""
    if not typed:
        rows = rows_of(received, definition.trigger) if received is not None else []
        people = [row.contact_id for row in rows if row.contact_id is not None]
        found = people[:1]
        if not found:
            raise ValidationError("Write the e-mail of a contact.")
    else:
        found = contacts_found(site=workflow.site, text=typed)
    if len(found) > 1:
        raise ValidationError("Several contacts begin like this. Write the whole e-mail.")
    contact = Contact.objects.filter(pk__in=found, site=workflow.site, deleted_at=None).first()
    if contact is None:
        raise ValidationError("The site has no contact with this e-mail, phone or id.")
    return contact
