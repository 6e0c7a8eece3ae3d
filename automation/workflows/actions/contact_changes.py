"""Steps that change contacts, through the one door of contacts and in a handful of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from automation.workflows.actions.action import Ending, StepCall, StepResult
from contacts.applied_change import AppliedChange, ChangeItem, ChangeKind
from contacts.models import Contact
from contacts.services import contacts_apply_batch
from integrations.contact_change import ContactChange

GONE: Final = "The contact was erased."
NO_SINCE: Final = "The contact said no since this run began; a yes of a workflow does not undo it."
_LONGEST: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class ContactStep:
    """One change on its way. `names` maps what it means to write to what people call it.

    `troubles` are sentences about parts that cannot be written. `skipped` is why nothing is to be.
    """

    change: ContactChange
    names: dict[str, str]
    troubles: list[str] = field(default_factory=list)
    skipped: str = ""


class Known(NamedTuple):
    """What is known of a contact that stays as it is until we commit."""

    attributes: Mapping[str, Any]
    fact_times: Mapping[str, int]


def locked(calls: Sequence[StepCall]) -> dict[UUID, Known]:
    """Lock the contacts of the calls until the commit, in the order in which everybody does."""
    ids = {call.contact_id for call in calls}
    rows = Contact.objects.select_for_update(of=("self",), no_key=True)
    wanted = rows.filter(pk__in=ids, deleted_at=None).order_by("pk")
    return {
        pk: Known(attributes, times)
        for pk, attributes, times in wanted.values_list("pk", "attributes", "fact_times")
    }


def change_contacts(
    calls: Sequence[StepCall], steps: Sequence[ContactStep], known: Mapping[UUID, Known]
) -> list[StepResult]:
    """Apply the steps in order; `known` are the contacts that are there, locked."""
    asked: list[int] = []
    items: list[ChangeItem] = []
    for number, (call, step) in enumerate(zip(calls, steps, strict=True)):
        contact = known.get(call.contact_id)
        if contact is None or step.skipped or not step.names:
            continue
        step.change.only_known = True
        step.change.occurred_at = _instant(call, step, contact)
        items.append(
            ChangeItem(
                site=call.site, change=step.change, source=call.source, contact_id=call.contact_id
            )
        )
        asked.append(number)
    applied = dict(zip(asked, contacts_apply_batch(items), strict=True))
    return [
        _result(step, applied.get(number), is_there=call.contact_id in known)
        for number, (call, step) in enumerate(zip(calls, steps, strict=True))
    ]


def outdone(call: StepCall, name: str, known: Mapping[UUID, Known], nos: Mapping[UUID, str]) -> str:
    """Return why a yes is not to be written: somebody noted a no after the run began.

    What set the run off is then older than the no. `nos` hold who noted the no that stands, by
    contact; one of the workflow's own may be taken back.
    """
    contact, told_by = known.get(call.contact_id), nos.get(call.contact_id)
    if contact is None or told_by in (None, call.source.key):
        return ""
    said_at = _EPOCH + timedelta(microseconds=contact.fact_times.get(name, 0))
    return NO_SINCE if said_at > call.started_at else ""


def _instant(call: StepCall, step: ContactStep, contact: Known) -> datetime:
    """Return now, or when the newest value that is written over was true.

    The clock of another machine may be ahead: what a workflow adds must not lose to that.
    """
    times = [contact.fact_times.get(name, 0) for name in step.names]
    newest = _EPOCH + timedelta(microseconds=max(times, default=0))
    return max(call.source.received_at, newest)


def _result(step: ContactStep, applied: AppliedChange | None, *, is_there: bool) -> StepResult:
    if not is_there:
        return StepResult(ending=Ending.SKIPPED, detail=GONE)
    if step.skipped:
        return StepResult(ending=Ending.SKIPPED, detail=step.skipped)
    troubles = " ".join(step.troubles)
    if applied is None:
        return StepResult(ending=Ending.FAILED, detail=troubles[:_LONGEST])
    if applied.kind is ChangeKind.REJECTED:
        return StepResult(ending=Ending.FAILED, detail=applied.reason[:_LONGEST])
    notes = " ".join(note.partition(": ")[2] or note for note in applied.notes)
    written = [name for key, name in step.names.items() if key in applied.changes]
    said = f"Wrote {', '.join(written)}." if written else "It was so already."
    detail = " ".join(part for part in (said, notes, troubles) if part)
    is_failed = not written and bool(notes or troubles)
    ending = Ending.FAILED if is_failed else Ending.DONE if written else Ending.SKIPPED
    return StepResult(ending=ending, detail=detail[:_LONGEST], changes=applied.changes)
