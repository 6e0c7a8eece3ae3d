from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from automation.uses import Needs
from automation.workflows.actions.action import (
    Action,
    Category,
    Ending,
    Settings,
    StepCall,
    StepResult,
)
from automation.workflows.actions.loyalty_gifts import gift_result
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.loyalty.assigning import promotions_assign
from contacts.models import Promotion


class AssignPromotion(Action):
    key = "assign_promotion"
    label = "Assign promotion"
    help = "Gives the contact a promotion to redeem."
    category = Category.LOYALTY

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("promotion")
        missing = "This promotion is not there any more. Choose another."
        return {"promotion": reading.key("promotion", reading.things.promotions, missing)}

    def summary(self, settings: Settings, names: SiteThings) -> str:
        promotion = names.promotions.get(settings["promotion"])
        return f"Assign promotion: {promotion.name if promotion else 'a deleted one'}"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        return Needs(promotions=frozenset((UUID(settings["promotion"]),)))

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        first = calls[0]
        rows = Promotion.objects.filter(site=first.site, pk=first.settings["promotion"])
        promotion = rows.first()
        if promotion is None:
            gone = "The promotion is not there any more."
            return [StepResult(ending=Ending.FAILED, detail=gone) for _ in calls]
        results: dict[int, StepResult] = {}
        waiting = dict(enumerate(calls))
        while waiting:
            # The service takes a contact once in each go.
            go = {call.contact_id: number for number, call in reversed(waiting.items())}
            outcomes = promotions_assign(
                promotion=promotion,
                contact_ids=list(go),
                source=first.source,
                source_ids={contact: calls[number].key for contact, number in go.items()},
            )
            for number, outcome in zip(go.values(), outcomes, strict=True):
                results[number] = gift_result(
                    outcome, done="Promotion assigned.", repeat="It was assigned before."
                )
                del waiting[number]
        return [results[number] for number in range(len(calls))]
