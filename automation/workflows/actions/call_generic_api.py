from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils import timezone

from automation.workflows.actions.action import (
    Action,
    Category,
    Ending,
    Settings,
    StepCall,
    StepResult,
)
from automation.workflows.actions.contact_changes import GONE
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.models import Contact
from integrations.generic_api.client import write
from integrations.generic_api.options import options_of
from integrations.models import ApiCall, GenericApi, Outcome, Purpose
from integrations.models.api_call import NOTHING_SAID
from onsite.models import Tag
from onsite.people import stored_tag, visitor_of

_OFF: Final = (
    "The Generic API of the site is switched off. Switch it on in the general settings of the "
    "site, under Integrations, Generic."
)


class CallGenericApi(Action):
    key = "call_generic_api"
    label = "Send to the Generic API"
    help = "Creates or updates the contact at the retailer's own API."
    category = Category.OUTSIDE
    is_outside = True

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("tag")
        tag = reading.text("tag", longest=20)
        if tag and tag not in Tag.values:
            reading.problem("tag", f"Choose one of: {', '.join(Tag.values)}; or none.")
        return {"tag": tag}

    def summary(self, settings: Settings, names: SiteThings) -> str:
        tag = settings["tag"]
        return f"Send the contact to the Generic API{f' as {tag}' if tag else ''}"

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        # The call itself waits for the commit: no other system is called inside a transaction.
        now = timezone.now()
        return [StepResult(ending=Ending.PENDING, detail="To be sent.", due_at=now) for _ in calls]

    def perform(self, call: StepCall) -> StepResult:
        api = GenericApi.objects.select_related("site").filter(site=call.site).first()
        if api is None or not api.is_active:
            return StepResult(ending=Ending.FAILED, detail=_OFF)
        contact = Contact.objects.filter(pk=call.contact_id, deleted_at=None).first()
        if contact is None:
            return StepResult(ending=Ending.SKIPPED, detail=GONE)
        result = write(
            api=api,
            visitor=visitor_of(contact, options_of(api)),
            tag=call.settings["tag"] or stored_tag(contact),
            purpose=Purpose.WORKFLOW,
        )
        called = result.call
        called.contact_id = contact.pk
        called.save(update_fields=["contact_id"])
        if not Contact.objects.filter(pk=contact.pk, deleted_at=None).exists():
            # Erased while the call was under way: whoever erased could not know of this row.
            ApiCall.objects.filter(pk=called.pk).update(**NOTHING_SAID)
            return StepResult(ending=Ending.SKIPPED, detail=GONE, api_call_id=called.pk)
        if result.continues:
            is_ignored = called.outcome == Outcome.IGNORED
            said = called.reason if is_ignored else f"The API answered {called.status_code}."
            return StepResult(ending=Ending.DONE, detail=said, api_call_id=called.pk)
        return StepResult(ending=Ending.PENDING, detail=called.reason, api_call_id=called.pk)
