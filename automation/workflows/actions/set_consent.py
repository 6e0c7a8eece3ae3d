from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from automation.uses import Needs
from automation.workflows.actions.action import Action, Category, Settings, StepCall, StepResult
from automation.workflows.actions.contact_changes import (
    ContactStep,
    change_contacts,
    locked,
    outdone,
)
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.models import Consent
from integrations.contact_change import ConsentFact, ContactChange, Identity


class SetConsent(Action):
    key = "set_consent"
    label = "Set consent"
    help = "Notes a yes or a no to a consent. It never becomes “not set” again."
    category = Category.CONTACT

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("consent_id", "value", "comment")
        missing = "This consent is not there any more. Choose another."
        return {
            "consent_id": reading.key("consent_id", reading.things.consents, missing),
            "value": reading.boolean("value"),
            "comment": reading.text("comment", longest=500),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        consent = names.consents.get(settings["consent_id"])
        answer = "yes" if settings["value"] else "no"
        return f"Set consent: {consent.name if consent else settings['consent_id']} = {answer}"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        return Needs(consents=frozenset((settings["consent_id"],)))

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        known = locked(calls)
        settings = calls[0].settings
        nos: dict[UUID, str] = {}
        if settings["value"]:
            answers = Consent.objects.filter(consent_id=settings["consent_id"], value=False)
            nos = dict(answers.filter(contact__in=known).values_list("contact_id", "source_key"))
        name = f"consent.{settings['consent_id']}"
        steps = [_step(call.settings, outdone(call, name, known, nos)) for call in calls]
        return change_contacts(calls, steps, known)


def _step(settings: Settings, skipped: str) -> ContactStep:
    fact = ConsentFact(
        consent_id=settings["consent_id"], value=settings["value"], comment=settings["comment"]
    )
    return ContactStep(
        names={f"consent.{settings['consent_id']}": "the consent"},
        change=ContactChange(identity=Identity(), consents=(fact,)),
        skipped=skipped,
    )
