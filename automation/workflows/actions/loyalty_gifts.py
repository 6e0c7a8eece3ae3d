"""What the actions that give contacts something share: how much, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, Protocol

from automation.workflows.actions.action import Ending, StepCall, StepResult
from automation.workflows.reading import decimal_of

_NO_AMOUNT: Final = "The amount is no number above zero with at most four decimals."


class Outcome(Protocol):
    """What a service of loyalty answers for each thing to give."""

    is_repeat: bool
    refusal: str


Amounts = Sequence[tuple[StepCall, Decimal]]


def gift_result(outcome: Outcome, *, done: str, repeat: str) -> StepResult:
    if outcome.refusal:
        return StepResult(ending=Ending.FAILED, detail=outcome.refusal)
    if outcome.is_repeat:
        return StepResult(ending=Ending.SKIPPED, detail=repeat)
    return StepResult(ending=Ending.DONE, detail=done)


def amounts_given(
    calls: Sequence[StepCall],
    give: Callable[[Amounts], Sequence[Outcome]],
    *,
    done: str,
    repeat: str,
) -> list[StepResult]:
    """Give all at once what the `amount` of each call is; one without an amount fails alone."""
    results = [StepResult(ending=Ending.FAILED, detail=_NO_AMOUNT) for _ in calls]
    amounts = {
        number: (call, amount)
        for number, call in enumerate(calls)
        if (amount := decimal_of(call.value(call.settings["amount"]))) is not None and amount > 0
    }
    outcomes = give(list(amounts.values()))
    for number, outcome in zip(amounts, outcomes, strict=True):
        results[number] = gift_result(outcome, done=done, repeat=repeat)
    return results
