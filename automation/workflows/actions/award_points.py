from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automation.uses import Needs
from automation.workflows.actions.action import (
    Action,
    Category,
    Ending,
    Settings,
    StepCall,
    StepResult,
    value_words,
)
from automation.workflows.actions.loyalty_gifts import Amounts, amounts_given
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.loyalty.points import PointsOrder, PointsOutcome, points_award
from contacts.models import PointDefinition


class AwardPoints(Action):
    key = "award_points"
    label = "Award points"
    help = "Adds points to the contact's account."
    category = Category.LOYALTY

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("definition", "amount", "description")
        missing = "These points are not there any more. Choose others."
        return {
            "definition": reading.key("definition", reading.things.points, missing),
            "amount": reading.amount("amount"),
            "description": reading.text("description", longest=500),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        points = names.points.get(settings["definition"])
        name = points.name if points else "deleted points"
        amount = settings["amount"]
        words = value_words(amount, names) if "variable" in amount else amount["literal"]
        return f"Award points: {words} of {name}"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        return Needs(points=frozenset((settings["definition"],)))

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        settings = calls[0].settings
        rows = PointDefinition.objects.filter(site=calls[0].site, number=settings["definition"])
        definition = rows.first()
        if definition is None:
            gone = "The points are not there any more."
            return [StepResult(ending=Ending.FAILED, detail=gone) for _ in calls]

        def give(amounts: Amounts) -> list[PointsOutcome]:
            orders = [
                PointsOrder(
                    contact_id=call.contact_id,
                    definition=definition,
                    amount=amount,
                    description=settings["description"],
                    source_text=call.source.label,
                    source_id=call.key,
                )
                for call, amount in amounts
            ]
            return points_award(orders=orders, source=calls[0].source)

        return amounts_given(
            calls, give, done="Points awarded.", repeat="They were awarded before."
        )
