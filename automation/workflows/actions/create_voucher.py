from __future__ import annotations

import re
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
    value_words,
)
from automation.workflows.reading import Reading, decimal_of
from automation.workflows.site_things import SiteThings
from contacts.loyalty.vouchers import VoucherOrder, VoucherOutcome, vouchers_create

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class CreateVoucher(Action):
    key = "create_voucher"
    label = "Create voucher"
    help = "Gives the contact a reward voucher with a code of its own."
    category = Category.LOYALTY

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("amount", "currency", "valid_days", "description")
        currency = reading.text("currency", longest=3, is_needed=True).upper()
        if currency and not _CURRENCY.fullmatch(currency):
            reading.problem("currency", "Write the three letters of a currency, such as SEK.")
        days = reading.get("valid_days")
        return {
            "amount": reading.amount("amount"),
            "currency": currency,
            "valid_days": None
            if days is None
            else reading.whole("valid_days", least=1, most=3_650),
            "description": reading.text("description", longest=500),
        }

    def summary(self, settings: Settings, names: SiteThings) -> str:
        amount = settings["amount"]
        words = value_words(amount, names) if "variable" in amount else amount["literal"]
        days = settings["valid_days"]
        until = f", valid for {days} days" if days else ""
        return f"Create voucher: {words} {settings['currency']}{until}"

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        settings, now = calls[0].settings, timezone.now()
        days = settings["valid_days"]
        results: dict[int, StepResult] = {}
        orders: dict[int, VoucherOrder] = {}
        for number, call in enumerate(calls):
            amount = decimal_of(call.value(settings["amount"]))
            if amount is None or amount <= 0:
                results[number] = StepResult(
                    ending=Ending.FAILED,
                    detail="The amount is no number above zero with at most four decimals.",
                )
                continue
            orders[number] = VoucherOrder(
                contact_id=call.contact_id,
                amount=amount,
                currency=settings["currency"],
                valid_from=now,
                valid_to=now + timedelta(days=days) if days else None,
                description=settings["description"],
                source_id=call.key,
            )
        outcomes = vouchers_create(
            site=calls[0].site, orders=list(orders.values()), source=calls[0].source
        )
        for number, outcome in zip(orders, outcomes, strict=True):
            results[number] = _result(outcome)
        return [results[number] for number in range(len(calls))]


def _result(outcome: VoucherOutcome) -> StepResult:
    if outcome.refusal:
        return StepResult(ending=Ending.FAILED, detail=outcome.refusal)
    if outcome.is_repeat:
        return StepResult(ending=Ending.SKIPPED, detail="It was created before.")
    return StepResult(ending=Ending.DONE, detail="Voucher created.")
