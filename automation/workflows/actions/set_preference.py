from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from automation.workflows.actions.action import Action, Category, Settings, StepCall, StepResult
from automation.workflows.actions.contact_changes import (
    ContactStep,
    change_contacts,
    locked,
    outdone,
)
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.models import Preference
from integrations.contact_change import Channel, ContactChange, Identity

CHANNELS: Final = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS", Channel.POSTAL: "post"}
CAUSE: Final = "workflow"


class SetPreference(Action):
    key = "set_preference"
    label = "Set preference"
    help = "Says whether the contact accepts e-mail, SMS or post."
    category = Category.CONTACT

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("channel", "accepts")
        channel = reading.choice("channel", [each.value for each in CHANNELS])
        return {"channel": channel, "accepts": reading.boolean("accepts")}

    def summary(self, settings: Settings, names: SiteThings) -> str:
        verb = "accepts" if settings["accepts"] else "does not accept"
        return f"Set preference: the contact {verb} {CHANNELS[Channel(settings['channel'])]}"

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        known = locked(calls)
        settings = calls[0].settings
        nos: dict[UUID, str] = {}
        if settings["accepts"]:
            preferences = Preference.objects.filter(channel=settings["channel"], accepts=False)
            nos = dict(
                preferences.filter(contact__in=known).values_list("contact_id", "source_key")
            )
        name = f"preference.{settings['channel']}"
        steps = [_step(call.settings, outdone(call, name, known, nos)) for call in calls]
        return change_contacts(calls, steps, known)


def _step(settings: Settings, skipped: str) -> ContactStep:
    channel = Channel(settings["channel"])
    return ContactStep(
        names={f"preference.{channel.value}": f"the preference for {CHANNELS[channel]}"},
        change=ContactChange(
            identity=Identity(), preferences={channel: settings["accepts"]}, cause=CAUSE
        ),
        skipped=skipped,
    )
