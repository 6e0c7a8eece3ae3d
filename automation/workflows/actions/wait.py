from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
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
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings

UNITS: Final = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
_MOST: Final = 1_000


class Wait(Action):
    key = "wait"
    label = "Wait"
    help = "Goes on with the next step when the time has passed."
    category = Category.FLOW

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("amount", "unit")
        return {
            "amount": reading.whole("amount", least=1, most=_MOST),
            "unit": reading.choice("unit", tuple(UNITS), "days"),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        return f"Wait {_words(settings)}"

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        now = timezone.now()
        return [
            StepResult(
                ending=Ending.WAIT,
                detail=f"Waits {_words(call.settings)}.",
                due_at=now + call.settings["amount"] * UNITS[call.settings["unit"]],
            )
            for call in calls
        ]


def _words(settings: Settings) -> str:
    amount, unit = settings["amount"], settings["unit"]
    return f"{amount} {unit if amount != 1 else unit.removesuffix('s')}"
